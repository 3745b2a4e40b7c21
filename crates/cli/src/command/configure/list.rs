//! `inia configure list`: the sources of credentials and region.

use inia::config::{SettingSource, setting};
use inia::{Value, json};

use super::Files;
use super::interactive::masked;
use crate::arguments::{Arguments, OutputOptions, ProfileOption, SessionOptions};
use crate::command::describe;
use crate::output::{self, Printer};
use crate::status::CliError;

const NOT_SET: &str = "<not set>";

/// A row: name, value, type and location.
type SettingRow = [String; 4];

/// Prints the rows as columns, or in the format of `--output` if that or `--query` is set.
pub(super) async fn run(mut arguments: Arguments) -> Result<(), CliError> {
    let (options, output): (SessionOptions, OutputOptions) = arguments.take()?;
    arguments.finish::<0>("configure list")?;
    let files = &Files::load(ProfileOption {
        profile: options.profile.clone(),
    })?;
    let session = options.load().await?;
    let settings = session.settings();
    let mut rows: Vec<SettingRow> = Vec::new();
    rows.push(match (&options.profile, &files.profile) {
        (Some(name), _) => row("profile", name, "manual", "--profile"),
        (None, Some(name)) => {
            let variable = setting::PROFILE.from_env(settings.env());
            row(
                "profile",
                name,
                "env",
                variable.map_or("", |(name, _)| name),
            )
        }
        (None, None) => not_set("profile"),
    });
    let credentials = session.credentials().await;
    match &credentials {
        Ok(found) => {
            let from = |name, text: &str| row(name, &masked(text), &found.provider, "");
            rows.push(from("access_key", &found.access_key_id));
            rows.push(from("secret_key", found.secret_access_key.expose()));
        }
        Err(_) => rows.extend([not_set("access_key"), not_set("secret_key")]),
    }
    rows.push(match settings.lookup(&setting::REGION) {
        Some((region, source)) => {
            let (kind, location) = origin(files, &source);
            row("region", &region, kind, &location)
        }
        None => not_set("region"),
    });
    if output.format.is_none() && output.query.is_none() {
        describe::print(table(&rows))?;
    } else {
        let value: Value = rows
            .iter()
            .map(|[name, value, kind, location]| {
                json!({"name": name, "value": value, "type": kind, "location": location})
            })
            .collect();
        Printer::new(output, &session)?.print(value, "configure list")?;
    }
    if let Err(error) = credentials {
        output::write_error(&format!("\n{error:#}"));
    }
    Ok(())
}

/// Returns the type and location of a setting, in the AWS CLI's terms.
fn origin(files: &Files, source: &SettingSource) -> (&'static str, String) {
    match source {
        SettingSource::Explicit => ("manual", "--region".to_owned()),
        SettingSource::Env(name) => ("env", (*name).to_owned()),
        SettingSource::Profile(key) => {
            let locations = files.read.locations();
            let in_credentials = files
                .read
                .credentials_profile(files.profile())
                .is_some_and(|section| section.contains(key));
            if in_credentials {
                (
                    "shared-credentials-file",
                    locations.credentials.display().to_string(),
                )
            } else {
                ("config-file", locations.config.display().to_string())
            }
        }
        SettingSource::Default => ("default", String::new()),
    }
}

fn row(name: &str, value: &str, kind: &str, location: &str) -> SettingRow {
    [name, value, kind, location].map(str::to_owned)
}

fn not_set(name: &str) -> SettingRow {
    row(name, NOT_SET, "None", "None")
}

/// Formats the rows as columns below a heading.
fn table(rows: &[SettingRow]) -> Vec<String> {
    let heading = row("NAME", "VALUE", "TYPE", "LOCATION");
    let all = || std::iter::once(&heading).chain(rows);
    let width = |column: usize| {
        all()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths = [width(0), width(1), width(2)];
    all()
        .map(|[name, value, kind, location]| {
            let [a, b, c] = widths;
            let line = format!("{name:<a$} : {value:<b$} : {kind:<c$} : {location}");
            line.trim_end().to_owned()
        })
        .collect()
}
