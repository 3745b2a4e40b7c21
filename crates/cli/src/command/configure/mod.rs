//! `inia configure`: reads and edits the config files.

mod editor;
mod export;
mod folder_lock;
mod interactive;
mod list;
mod setting_path;

use std::path::Path;

use inia::config::{ConfigFiles, FileLocations, Platform, setting};
use inia::ports::Host;
use inia::{Error, ErrorKind};

use self::editor::{ConfigFileEditor, ConfigFileKind};
use self::folder_lock::FolderLock;
use self::setting_path::{SettingPath, SettingValue};
use crate::arguments::{Arguments, ProfileOption};
use crate::command::{describe, model};
use crate::output;
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
  inia configure add-model --service-model JSON|file://FILE [--service-name NAME]
                                         store a definition or Smithy model in ~/.aws/models
  inia configure remove-model --service-name NAME
                                         remove it

NAME is a key of the current profile (region, s3.addressing_style), or starts with a section:
default.KEY, profile.P.KEY, sso-session.S.KEY, services.S.SERVICE.KEY, preview.KEY, plugins.KEY.
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
            let setting_path = SettingPath::resolve_for_set(&files, &name)?;
            files.set(&[(setting_path, value)]).await
        }
        Some("list") => list::run(arguments).await,
        Some("list-profiles") => {
            arguments.finish::<0>("configure list-profiles")?;
            let files = Files::load(ProfileOption::default())?;
            describe::print(files.read.profile_names().map(str::to_owned))
        }
        Some("export-credentials") => export::run(arguments).await,
        Some("add-model") => model::add(arguments),
        Some("remove-model") => model::remove(arguments),
        Some(other) => Err(CliError::usage(format!(
            "configure: unknown subcommand {other:?}{}",
            inia::model::did_you_mean(
                other,
                [
                    "get",
                    "set",
                    "list",
                    "list-profiles",
                    "export-credentials",
                    "add-model",
                    "remove-model"
                ]
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
    fn open(&self, kind: ConfigFileKind) -> Result<ConfigFileEditor, CliError> {
        let path = self.path(kind)?;
        Ok(ConfigFileEditor::open(&*self.host.files, path, kind)?)
    }

    fn path(&self, kind: ConfigFileKind) -> Result<&Path, CliError> {
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
        Ok(path)
    }

    /// Sets values. The files are locked and read again, because another process may have changed them. All of them are parsed
    /// before one is written, so that a malformed file leaves the other unchanged.
    async fn set(&self, values: &[(SettingPath, String)]) -> Result<(), CliError> {
        let mut kinds = vec![ConfigFileKind::Credentials, ConfigFileKind::Config];
        kinds.retain(|kind| values.iter().any(|(path, _)| path.file() == *kind));
        let mut folders = Vec::new();
        for kind in &kinds {
            folders.push(folder_lock::folder_of(self.path(*kind)?));
        }
        // In the same order in every process, so that none waits for the other.
        folders.sort();
        folders.dedup();
        let mut locks = Vec::new();
        for folder in folders {
            locks.push(FolderLock::acquire(&folder, &*self.host.clock).await?);
        }
        let mut edited = Vec::new();
        for kind in kinds {
            let mut file = self.open(kind)?;
            for (path, value) in values.iter().filter(|(path, _)| path.file() == kind) {
                match &path.sub {
                    Some(sub) => file.set_nested(&path.section, &path.key, sub, value)?,
                    None => file.set(&path.section, &path.key, value)?,
                }
            }
            edited.push((kind, file));
        }
        for (kind, file) in edited {
            folder_lock::remove_temporary_files(&*self.host.files, self.path(kind)?);
            file.save(&*self.host.files)?;
        }
        Ok(())
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
    match setting_path.value(files)? {
        SettingValue::Text(value) => describe::print([value]),
        SettingValue::NotSet => Err(CliError::NotSet),
        SettingValue::Nested => {
            output::write_error(&format!(
                "inia: {name} has sub-properties; name one of them: {name}.KEY"
            ));
            Err(CliError::NotSet)
        }
    }
}

/// Keys that are written to the credentials file.
///
/// # Source
/// The AWS CLI, `configure set`.
const CREDENTIAL_KEYS: [&str; 4] = [
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_security_token",
    "aws_session_token",
];
