//! CloudFormation.

use inia_core::Result;

use super::OutputStage;

/// Parses a JSON template into a value. A YAML template stays text, unless it is valid JSON too.
pub(super) fn read_json_template(stage: &mut OutputStage<'_>) -> Result<()> {
    if let Some(body) = stage
        .output
        .as_map_mut()
        .and_then(|output| output.get_mut("TemplateBody"))
        && let Some(text) = body.as_str()
        && let Ok(template) =
            inia_protocol::read_json(bytes::Bytes::copy_from_slice(text.as_bytes()))
    {
        *body = template;
    }
    Ok(())
}
