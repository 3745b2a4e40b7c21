//! `inia configure`: reads and edits the config files.

mod export;
mod interactive;
mod list;
mod setting_path;

use inia::config::{
    ConfigFileEditor, ConfigFileKind, ConfigFiles, FileLocations, Platform, setting,
};
use inia::ports::Host;
use inia::{Error, ErrorKind};

use self::setting_path::SettingPath;
use crate::arguments::{Arguments, ProfileOption};
use crate::command::describe;
use crate::status::CliError;

const HELP: &str = "\
inia configure: read and edit the config files

  inia configure                         prompt for keys, region and output format
  inia configure get NAME                print a value; exit code 1 if it is not set
  inia configure set NAME VALUE          set a value
  inia configure list                    print the sources of credentials and region
  inia configure list-profiles           print the names of all profiles
  inia configure export-credentials [--format FORMAT]
                                         print credentials for another program; FORMAT is one of process,
                                         env, env-no-export, powershell, windows-cmd and fish

NAME is a key of the current profile (region, s3.addressing_style), or starts with a section:
default.KEY, profile.P.KEY, sso-session.S.KEY, services.S.SERVICE.KEY.
";

/// Runs `inia configure` with the remaining arguments.
pub(crate) async fn run(mut arguments: Arguments) -> Result<(), CliError> {
    let subcommand = arguments.positional()?;
    match subcommand.as_deref() {
        None => {
            let files = Files::load(arguments.take()?)?;
            arguments.finish::<0>("configure")?;
            interactive::run(&files).await
        }
        Some("help") => {
            arguments.finish::<0>("configure help")?;
            crate::print(HELP)
        }
        Some("get") => {
            let files = Files::load(arguments.take()?)?;
            let [name] = arguments.finish("configure get NAME")?;
            get(&files, &name)
        }
        Some("set") => {
            let files = Files::load(arguments.take()?)?;
            let [name, value] = arguments.finish("configure set NAME VALUE")?;
            set(&files, &name, &value)
        }
        Some("list") => list::run(arguments).await,
        Some("list-profiles") => {
            arguments.finish::<0>("configure list-profiles")?;
            let files = Files::load(ProfileOption::default())?;
            describe::print(files.read.profile_names().map(str::to_owned))
        }
        Some("export-credentials") => export::run(arguments).await,
        Some(other) => Err(CliError::usage(format!(
            "configure: unknown subcommand {other:?}{}",
            inia::model::did_you_mean(
                other,
                ["get", "set", "list", "list-profiles", "export-credentials"]
            )
        ))),
    }
}

/// The loaded config files and the selected profile.
struct Files {
    host: Host,
    read: ConfigFiles,
    /// Profile named by an option or a variable.
    profile: Option<String>,
}

impl Files {
    fn load(option: ProfileOption) -> Result<Self, CliError> {
        let host = inia::host::system_host();
        let locations = FileLocations::resolve(&*host.env, Platform::CURRENT);
        let read = ConfigFiles::load(&*host.files, locations)?;
        let profile = match option.profile {
            Some(name) => Some(name),
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

    /// Returns the profile's name.
    fn profile(&self) -> &str {
        self.profile.as_deref().unwrap_or("default")
    }

    /// Opens a file for editing.
    fn edit(&self, kind: ConfigFileKind) -> Result<ConfigFileEditor, CliError> {
        let locations = self.read.locations();
        let path = match kind {
            ConfigFileKind::Config => &locations.config,
            ConfigFileKind::Credentials => &locations.credentials,
        };
        if path.as_os_str().is_empty() {
            return Err(Error::new(
                ErrorKind::Config,
                "cannot locate the config files: no home folder",
            )
            .into());
        }
        Ok(ConfigFileEditor::open(&*self.host.files, path, kind)?)
    }
}

fn get(files: &Files, name: &str) -> Result<(), CliError> {
    let setting_path = SettingPath::resolve(files, name)?;
    if let Some(profile) = &files.profile
        && setting_path.is_in(profile)
        && files.read.profile(profile).is_none()
    {
        return Err(Error::new(
            ErrorKind::Config,
            format!("profile `{profile}` does not exist"),
        )
        .into());
    }
    match setting_path.value(&files.read) {
        Some(value) => describe::print([value.to_owned()]),
        None => Err(CliError::NotSet),
    }
}

fn set(files: &Files, name: &str, value: &str) -> Result<(), CliError> {
    let setting_path = SettingPath::resolve(files, name)?;
    let mut file = files.edit(setting_path.file())?;
    match &setting_path.sub {
        Some(sub) => file.set_nested(&setting_path.section, &setting_path.key, sub, value)?,
        None => file.set(&setting_path.section, &setting_path.key, value)?,
    }
    Ok(file.save(&*files.host.files)?)
}

/// Keys that are written to the credentials file.
///
/// # Source
/// The AWS CLI, `configure set`.
const CREDENTIAL_KEYS: [&str; 3] = [
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
];
