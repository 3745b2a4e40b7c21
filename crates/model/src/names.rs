//! Name spellings: snake case and kebab case.

/// Names of services besides their own, their service ids and boto3's class names.
///
/// # Source
/// botocore `handlers.py`, event `choose-service-name`; the AWS CLI, `customizations/codedeploy/codedeploy.py`,
/// `customizations/s3/s3.py`; the AWS SDK for JavaScript, version 2.
#[cfg(feature = "pack")]
pub(crate) const SERVICE_ALIASES: &[(&str, &str)] = &[
    ("CloudWatch Events", "events"),
    ("CognitoIdentityServiceProvider", "cognito-idp"),
    ("deploy", "codedeploy"),
    ("runtime.sagemaker", "sagemaker-runtime"),
    ("s3api", "s3"),
];

/// Returns the letters and digits of a name in lower case. Spellings of a service name that agree in them are the same.
pub(crate) fn letters_and_digits(name: &str) -> String {
    let characters = name.chars().filter(char::is_ascii_alphanumeric);
    characters.map(|c| c.to_ascii_lowercase()).collect()
}

/// Returns a model name in snake case, as boto3 spells it.
///
/// ```
/// # mod inia { pub mod model { pub use inia_model::*; } }
/// use inia::model::snake_case;
///
/// assert_eq!(snake_case("ListQueues"), "list_queues");
/// assert_eq!(snake_case("DescribeDBInstances"), "describe_db_instances");
/// assert_eq!(snake_case("ListObjectsV2"), "list_objects_v2");
/// assert_eq!(snake_case("CreateHITWithHITType"), "create_hit_with_hit_type");
/// ```
///
/// # Source
/// botocore `__init__.py:xform_name`.
#[must_use]
pub fn snake_case(name: &str) -> String {
    word_case(name, '_')
}

/// Returns whether `snake` is the [`snake_case`] of a model name. Cheap if the letters differ.
pub(crate) fn is_snake_case_of(snake: &str, name: &str) -> bool {
    let same = snake.bytes().filter(|byte| *byte != b'_').eq(name
        .bytes()
        .filter(|byte| *byte != b'_')
        .map(|byte| byte.to_ascii_lowercase()));
    same && snake_case(name) == snake
}

/// Returns a model name in kebab case, as the command line spells it: `list-queues`.
#[must_use]
pub fn kebab_case(name: &str) -> String {
    word_case(name, '-')
}

/// Operations whose names contain [words](IRREGULAR_WORDS) with irregular capitals, sorted. Members with such words
/// follow the regular rule: `WhatsAppFlow` is `whats_app_flow` there.
///
/// # Source
/// botocore `__init__.py:_xform_cache`.
const IRREGULAR: &[&str] = &[
    "AssociateWhatsAppBusinessAccount",
    "CreateCachediSCSIVolume",
    "CreateOAuth2Token",
    "CreateOAuth2TokenWithIAM",
    "CreateStorediSCSIVolume",
    "CreateWhatsAppDataset",
    "CreateWhatsAppFlow",
    "CreateWhatsAppMessageTemplate",
    "CreateWhatsAppMessageTemplateFromLibrary",
    "CreateWhatsAppMessageTemplateMedia",
    "DeleteWhatsAppFlow",
    "DeleteWhatsAppMessageMedia",
    "DeleteWhatsAppMessageTemplate",
    "DeprecateWhatsAppFlow",
    "DescribeCachediSCSIVolumes",
    "DescribeStorediSCSIVolumes",
    "DisassociateWhatsAppBusinessAccount",
    "ExecutePartiQLBatch",
    "ExecutePartiQLStatement",
    "ExecutePartiQLTransaction",
    "GetLinkedWhatsAppBusinessAccount",
    "GetLinkedWhatsAppBusinessAccountPhoneNumber",
    "GetOTelEnrichment",
    "GetWhatsAppBusinessPublicKey",
    "GetWhatsAppCallPermission",
    "GetWhatsAppFlow",
    "GetWhatsAppFlowPreview",
    "GetWhatsAppMessageMedia",
    "GetWhatsAppMessageTemplate",
    "IntrospectOAuth2TokenWithIAM",
    "ListHITsForQualificationType",
    "ListLinkedWhatsAppBusinessAccounts",
    "ListWhatsAppFlowAssets",
    "ListWhatsAppFlows",
    "ListWhatsAppMessageTemplates",
    "ListWhatsAppTemplateLibrary",
    "PostWhatsAppMessageMedia",
    "PublishWhatsAppFlow",
    "PutWhatsAppBusinessAccountEventDestinations",
    "PutWhatsAppBusinessPublicKey",
    "RevokeOAuth2TokenWithIAM",
    "SendWhatsAppCallEvent",
    "SendWhatsAppConversionEvent",
    "SendWhatsAppMessage",
    "StartOTelEnrichment",
    "StopOTelEnrichment",
    "UpdateLinkedWhatsAppBusinessAccountPhoneNumber",
    "UpdateOTelEnrichment",
    "UpdateWhatsAppFlow",
    "UpdateWhatsAppFlowAssets",
    "UpdateWhatsAppMessageTemplate",
];

/// Irregular words of the names in [`IRREGULAR`] and their regular capitalisation.
const IRREGULAR_WORDS: &[(&str, &str)] = &[
    ("HITs", "Hits"),
    ("OAuth2", "Oauth2"),
    ("OTel", "Otel"),
    ("PartiQL", "Partiql"),
    ("WhatsApp", "Whatsapp"),
    ("iSCSI", "Iscsi"),
];

fn word_case(name: &str, separator: char) -> String {
    if IRREGULAR.binary_search(&name).is_ok() {
        let regular = IRREGULAR_WORDS
            .iter()
            .fold(name.to_owned(), |name, (word, regular)| {
                name.replace(word, regular)
            });
        return word_case(&regular, separator);
    }
    if name.contains(separator) {
        return name.to_owned();
    }
    let mut characters: Vec<char> = name.chars().collect();
    // A plural acronym at the end (`DescribeVPCs`, `ListACLs`) is one word.
    if characters.last() == Some(&'s') {
        let capitals = characters
            .iter()
            .rev()
            .skip(1)
            .take_while(|c| c.is_ascii_uppercase())
            .count();
        if capitals >= 2 {
            let word = characters.split_off(characters.len() - capitals - 1);
            characters.push(separator);
            characters.extend(word.into_iter().map(|c| c.to_ascii_lowercase()));
        }
    }
    let characters = separate_capitalised_words(&characters, separator);
    let mut result = String::with_capacity(characters.len() + 8);
    let mut before = None;
    for character in characters {
        if character.is_ascii_uppercase()
            && before
                .is_some_and(|before: char| before.is_ascii_lowercase() || before.is_ascii_digit())
        {
            result.push(separator);
        }
        result.extend(character.to_lowercase());
        before = Some(character);
    }
    result
}

/// Inserts the separator before each capital that is followed by lower case letters, except at the start.
fn separate_capitalised_words(characters: &[char], separator: char) -> Vec<char> {
    let mut result = Vec::with_capacity(characters.len() + 8);
    let mut rest = characters;
    while let Some((&first, after)) = rest.split_first() {
        result.push(first);
        rest = after;
        if let [capital, tail @ ..] = after
            && capital.is_ascii_uppercase()
        {
            let lower_case = tail.iter().take_while(|c| c.is_ascii_lowercase()).count();
            if lower_case > 0 {
                let (word, remainder) = after.split_at(lower_case + 1);
                result.push(separator);
                result.extend(word);
                rest = remainder;
            }
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snake_case_follows_botocore() {
        for (name, expected) in [
            ("GetBucketLocation", "get_bucket_location"),
            ("DescribeVPCs", "describe_vpcs"),
            ("ListACLs", "list_acls"),
            ("IPV6", "ipv6"),
            ("ARNs", "_arns"),
            ("SwapEnvironmentCNAMEs", "swap_environment_cnames"),
            ("EC2Thing", "ec2_thing"),
            ("already_snake", "already_snake"),
            (
                "ListHITsForQualificationType",
                "list_hits_for_qualification_type",
            ),
            ("", ""),
            ("CreateCachediSCSIVolume", "create_cached_iscsi_volume"),
            ("CreateOAuth2TokenWithIAM", "create_oauth2_token_with_iam"),
            ("ExecutePartiQLBatch", "execute_partiql_batch"),
            ("StartOTelEnrichment", "start_otel_enrichment"),
            ("SendWhatsAppMessage", "send_whatsapp_message"),
            ("WhatsAppFlow", "whats_app_flow"),
        ] {
            assert_eq!(snake_case(name), expected, "{name}");
        }
        assert_eq!(kebab_case("ListObjectsV2"), "list-objects-v2");
        assert_eq!(
            kebab_case("GetWhatsAppFlowPreview"),
            "get-whatsapp-flow-preview"
        );
        assert!(IRREGULAR.is_sorted());
    }
}
