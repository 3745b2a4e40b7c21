//! Arguments of Amazon CloudFront.
//!
//! # Source
//! The AWS CLI, `customizations/cloudfront.py`.

use std::time::{SystemTime, UNIX_EPOCH};

use inia::{Client, Map, Value, json};

use super::MemberPath;

/// Returns a text that differs from call to call.
fn unique(prefix: &str) -> String {
    let time = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    format!("{prefix}-{}-{}", time.as_secs(), time.subsec_nanos())
}

/// `create-invalidation --paths /a /b`.
pub(super) fn paths(params: &mut Map, paths: &[String]) -> Result<(), String> {
    let batch = json!({
        "CallerReference": unique("cli"),
        "Paths": {"Quantity": paths.len(), "Items": paths},
    });
    params.insert("InvalidationBatch", batch);
    Ok(())
}

/// Sets the default configuration of a new distribution.
fn set_distribution_config(params: &mut Map) {
    params.get_or_insert_with("DistributionConfig", || {
        json!({
            "CallerReference": unique("cli"),
            "Origins": {"Quantity": 0, "Items": []},
            "DefaultCacheBehavior": {
                "TargetOriginId": "placeholder",
                "ForwardedValues": {"QueryString": false, "Cookies": {"Forward": "none"}},
                "TrustedSigners": {"Enabled": false, "Quantity": 0},
                "ViewerProtocolPolicy": "allow-all",
                "MinTTL": 0,
            },
            "Enabled": true,
            "Comment": "",
        })
    });
}

/// `create-distribution --origin-domain-name HOST`.
pub(super) fn origin_domain_name(params: &mut Map, host: &str) -> Result<(), String> {
    set_distribution_config(params);
    let id = unique(host);
    let mut origin = json!({"Id": id.as_str(), "DomainName": host, "OriginPath": ""});
    // Buckets of AWS GovCloud are custom origins.
    let (member, config) = if host.ends_with(".s3.amazonaws.com") {
        ("S3OriginConfig", json!({"OriginAccessIdentity": ""}))
    } else {
        (
            "CustomOriginConfig",
            json!({"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"}),
        )
    };
    if let Some(origin) = origin.as_map_mut() {
        origin.insert(member, config);
    }
    let origins = json!({"Quantity": 1, "Items": [origin]});
    MemberPath("DistributionConfig.Origins").set(params, origins);
    MemberPath("DistributionConfig.DefaultCacheBehavior.TargetOriginId")
        .set(params, Value::from(id));
    Ok(())
}

/// `create-distribution --default-root-object index.html`.
pub(super) fn default_root_object(params: &mut Map, object: &str) -> Result<(), String> {
    set_distribution_config(params);
    MemberPath("DistributionConfig.DefaultRootObject").set(params, Value::from(object));
    Ok(())
}

/// `update-distribution --default-root-object index.html`: the other settings are those that the distribution has.
pub(super) async fn update_default_root_object(
    client: &Client,
    params: &mut Map,
    object: &str,
) -> inia::Result<()> {
    let id = params.get("Id").cloned().unwrap_or_default();
    let current = client
        .call("GetDistributionConfig", json!({"Id": id}))
        .await?
        .value;
    let member = |name| current.get(name).cloned().unwrap_or_default();
    params.insert("IfMatch", member("ETag"));
    params.insert("DistributionConfig", member("DistributionConfig"));
    MemberPath("DistributionConfig.DefaultRootObject").set(params, Value::from(object));
    Ok(())
}
