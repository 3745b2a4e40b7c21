//! `inia configure`: the config files, read and changed from the shell.

mod export;
mod interactive;
mod list;
mod place;

use inia::config::{
    ConfigFileEditor, ConfigFileKind, ConfigFiles, FileLocations, Platform, setting,
};
use inia::ports::Host;
use inia::{Error, ErrorKind};

use self::place::Place;
use crate::arguments::{Arguments, Arity, Rest};
use crate::command::describe;
use crate::status::Failure;

const HELP: &str = "\
inia configure: the config files, read and changed

  inia configure                         ask for keys, region and output format
  inia configure get NAME                print a value; status 1 where there is none
  inia configure set NAME VALUE          set a value
  inia configure list                    print where credentials and region come from
  inia configure list-profiles           print the names of all profiles
  inia configure export-credentials [--format FORMAT]
                                         print credentials for another program; FORMAT is one of process,
                                         env, env-no-export, powershell, windows-cmd and fish

NAME is a key of the profile that --profile or AWS_PROFILE names (region, s3.addressing_style), or names its section first:
default.KEY, profile.P.KEY, sso-session.S.KEY, services.S.SERVICE.KEY.
";

/// Runs what the rest of the command line says.
pub(crate) async fn run(mut arguments: Arguments) -> Result<(), Failure> {
    let word = arguments.word()?;
    match word.as_deref() {
        None => {
            words::<0>(&mut arguments, "configure")?;
            interactive::run(&Files::load(&arguments)?).await
        }
        Some("help") => crate::print(HELP),
        Some("get") => {
            let [name] = words(&mut arguments, "configure get NAME")?;
            get(&Files::load(&arguments)?, &name)
        }
        Some("set") => {
            let [name, value] = words(&mut arguments, "configure set NAME VALUE")?;
            set(&Files::load(&arguments)?, &name, &value)
        }
        Some("list") => {
            words::<0>(&mut arguments, "configure list")?;
            list::run(&arguments, &Files::load(&arguments)?).await
        }
        Some("list-profiles") => {
            words::<0>(&mut arguments, "configure list-profiles")?;
            let files = Files::load(&arguments)?;
            describe::print(files.read.profile_names().map(str::to_owned))
        }
        Some("export-credentials") => export::run(arguments).await,
        Some(other) => Err(Failure::usage(format!(
            "configure: there is no {other:?}{}",
            inia::did_you_mean(
                other,
                ["get", "set", "list", "list-profiles", "export-credentials"]
            )
        ))),
    }
}

/// The words that a command takes, and nothing else.
fn words<const N: usize>(arguments: &mut Arguments, usage: &str) -> Result<[String; N], Failure> {
    let Rest { words, .. } = arguments.rest(|_: &str| None::<Arity>, Vec::new)?;
    words
        .try_into()
        .map_err(|_| Failure::usage(format!("inia {usage} is how it is written")))
}

/// The config files as they are now, and the profile that is meant.
struct Files {
    host: Host,
    read: ConfigFiles,
    /// The profile that an option or a variable names.
    profile: Option<String>,
}

impl Files {
    fn load(arguments: &Arguments) -> Result<Self, Failure> {
        let host = inia::host::system_host();
        let locations = FileLocations::resolve(&*host.env, Platform::CURRENT);
        let read = ConfigFiles::load(&*host.files, locations)?;
        let profile = match &arguments.global.profile {
            Some(name) => Some(name.clone()),
            None => setting::PROFILE
                .from_env(&*host.env)
                .map(|(_, name)| name.trim().to_owned()),
        };
        Ok(Files {
            host,
            read,
            profile,
        })
    }

    /// The profile's name.
    fn profile(&self) -> &str {
        self.profile.as_deref().unwrap_or("default")
    }

    /// Opens one of the files for changes.
    fn edit(&self, kind: ConfigFileKind) -> Result<ConfigFileEditor, Failure> {
        let locations = self.read.locations();
        let path = match kind {
            ConfigFileKind::Config => &locations.config,
            ConfigFileKind::Credentials => &locations.credentials,
        };
        if path.as_os_str().is_empty() {
            return Err(Error::new(
                ErrorKind::Config,
                "there is no home folder to keep the config files in",
            )
            .into());
        }
        Ok(ConfigFileEditor::open(&*self.host.files, path, kind)?)
    }
}

fn get(files: &Files, name: &str) -> Result<(), Failure> {
    let place = Place::of_name(files, name)?;
    if let Some(profile) = &files.profile
        && place.is_in(profile)
        && files.read.profile(profile).is_none()
    {
        return Err(Error::new(
            ErrorKind::Config,
            format!("there is no profile `{profile}`"),
        )
        .into());
    }
    match place.value(&files.read) {
        Some(value) => describe::print([value.to_owned()]),
        None => Err(Failure::Absent),
    }
}

fn set(files: &Files, name: &str, value: &str) -> Result<(), Failure> {
    let place = Place::of_name(files, name)?;
    let mut file = files.edit(place.file())?;
    match &place.sub {
        Some(sub) => file.set_nested(&place.section, &place.key, sub, value)?,
        None => file.set(&place.section, &place.key, value)?,
    }
    Ok(file.save(&*files.host.files)?)
}

/// The keys that stand in the credentials file.
///
/// # Source
/// The AWS CLI, `configure set`.
const CREDENTIAL_KEYS: [&str; 3] = [
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
];
