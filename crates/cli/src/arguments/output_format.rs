//! Output formats.

/// Format of printed results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OutputFormat {
    #[default]
    Json,
    Text,
    Table,
    Yaml,
    /// Each page is an element of a YAML list, printed when it arrives.
    YamlStream,
    /// Nothing is printed.
    Off,
}

impl OutputFormat {
    /// All names, for messages.
    pub(crate) const NAMES: &'static str = "json, text, table, yaml, yaml-stream or off";

    /// Returns the format of that name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "json" => Some(OutputFormat::Json),
            "text" => Some(OutputFormat::Text),
            "table" => Some(OutputFormat::Table),
            "yaml" => Some(OutputFormat::Yaml),
            "yaml-stream" => Some(OutputFormat::YamlStream),
            "off" => Some(OutputFormat::Off),
            _ => None,
        }
    }
}
