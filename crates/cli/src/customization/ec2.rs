//! Arguments of Amazon EC2.
//!
//! # Source
//! The AWS CLI, `customizations/ec2/`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use inia::{List, Map, Timestamp, Value, json};

use super::MemberPath;

/// `run-instances --count 2` or `--count 1:3`.
pub(super) fn count(params: &mut Map, text: &str) -> Result<(), String> {
    let (min, max) = text.split_once(':').unwrap_or((text, text));
    match (min.trim().parse::<i64>(), max.trim().parse::<i64>()) {
        (Ok(min), Ok(max)) => {
            params.insert("MinCount", min);
            params.insert("MaxCount", max);
            Ok(())
        }
        _ => Err("count parameter should be of form min[:max] (e.g. 1 or 1:10)".to_owned()),
    }
}

/// Sets a member of the first network interface.
fn set_interface(params: &mut Map, member: &'static str, value: Value) {
    MemberPath("NetworkInterfaces[].DeviceIndex").set(params, Value::Int(0));
    MemberPath(member).set(params, value);
}

pub(super) fn secondary_private_ip_addresses(
    params: &mut Map,
    addresses: &[String],
) -> Result<(), String> {
    let address = |address: &String| {
        let mut map = Map::new();
        map.insert("PrivateIpAddress", address.as_str());
        map.insert("Primary", false);
        Value::Map(map)
    };
    let addresses = Value::List(addresses.iter().map(address).collect());
    set_interface(params, "NetworkInterfaces[].PrivateIpAddresses", addresses);
    Ok(())
}

pub(super) fn secondary_private_ip_address_count(
    params: &mut Map,
    text: &str,
) -> Result<(), String> {
    let count: i64 = integer(text)?;
    let member = "NetworkInterfaces[].SecondaryPrivateIpAddressCount";
    set_interface(params, member, Value::Int(count));
    Ok(())
}

pub(super) fn associate_public_ip_address(params: &mut Map, is_associated: bool) {
    let member = "NetworkInterfaces[].AssociatePublicIpAddress";
    set_interface(params, member, Value::Bool(is_associated));
}

fn integer(text: &str) -> Result<i64, String> {
    text.trim()
        .parse()
        .map_err(|_| format!("{text:?} is not an integer"))
}

/// Parameters of the request that are members of the network interface if there is one, and their names there.
const INTERFACE_MEMBERS: &[(&str, &str)] = &[
    ("SubnetId", "SubnetId"),
    ("SecurityGroupIds", "Groups"),
    ("Ipv6AddressCount", "Ipv6AddressCount"),
    ("Ipv6Addresses", "Ipv6Addresses"),
    ("EnablePrimaryIpv6", "PrimaryIpv6"),
];

/// Members of a network interface that are set by options of their own.
const INTERFACE_OPTIONS: &[&str] = &[
    "PrivateIpAddresses",
    "SecondaryPrivateIpAddressCount",
    "AssociatePublicIpAddress",
];

/// Sets the default count, and moves parameters to the network interface.
pub(super) fn run_instances(params: &mut Map) {
    for count in ["MinCount", "MaxCount"] {
        params.get_or_insert_with(count, || Value::Int(1));
    }
    let interface = match params.get("NetworkInterfaces") {
        Some(Value::List(list)) => list.first(),
        _ => None,
    };
    let has_options = interface.is_some_and(|interface| {
        INTERFACE_OPTIONS
            .iter()
            .any(|name| interface.get(name).is_some())
    });
    if !has_options {
        return;
    }
    let mut moved = Map::new();
    for (name, inner) in INTERFACE_MEMBERS {
        if let Some(value) = params.remove(name) {
            moved.insert(*inner, value);
        }
    }
    if let Some(address) = params.remove("PrivateIpAddress") {
        let mut map = Map::new();
        map.insert("PrivateIpAddress", address);
        map.insert("Primary", true);
        moved.insert(
            "PrivateIpAddresses",
            Value::List(List::from_iter([Value::Map(map)])),
        );
    }
    if let Some(Value::List(interfaces)) = params.get_mut("NetworkInterfaces")
        && let Some(interface) = interfaces.first_mut().and_then(Value::as_map_mut)
    {
        interface.extend(moved);
    }
}

/// `--protocol tcp` of a security group rule.
pub(super) fn protocol(params: &mut Map, text: &str) -> Result<(), String> {
    let protocol = match text.parse::<i64>() {
        Ok(-1..=255) => text,
        Ok(_) => {
            return Err(
                "protocol numbers must be in the range 0-255 or -1 to specify all protocols"
                    .to_owned(),
            );
        }
        Err(_) => match text {
            "" => return Ok(()),
            "all" => "-1",
            "tcp" | "udp" | "icmp" => text,
            _ => {
                return Err(
                    "protocol parameter should be one of: tcp|udp|icmp|all or any valid protocol number."
                        .to_owned(),
                );
            }
        },
    };
    MemberPath("IpPermissions[].IpProtocol").set(params, Value::from(protocol));
    Ok(())
}

/// `--port 22`, `--port 22-25` or `--port all`.
pub(super) fn port(params: &mut Map, text: &str) -> Result<(), String> {
    let (from, to) = match text {
        "" => return Ok(()),
        "-1" | "all" => ("-1", "-1"),
        _ => text.split_once('-').unwrap_or((text, text)),
    };
    let number = |text: &str| {
        text.trim().parse::<i64>().map_err(|_| {
            "port parameter should be of the form <from[-to]> (e.g. 22 or 22-25)".to_owned()
        })
    };
    MemberPath("IpPermissions[].FromPort").set(params, Value::Int(number(from)?));
    MemberPath("IpPermissions[].ToPort").set(params, Value::Int(number(to)?));
    Ok(())
}

pub(super) fn cidr(params: &mut Map, text: &str) -> Result<(), String> {
    set_text(params, "IpPermissions[].IpRanges[].CidrIp", text);
    Ok(())
}

/// `--source-group sg-1` or the name of a group.
pub(super) fn source_group(params: &mut Map, text: &str) -> Result<(), String> {
    let member = if text.starts_with("sg-") {
        "IpPermissions[].UserIdGroupPairs[].GroupId"
    } else {
        "IpPermissions[].UserIdGroupPairs[].GroupName"
    };
    set_text(params, member, text);
    Ok(())
}

pub(super) fn group_owner(params: &mut Map, text: &str) -> Result<(), String> {
    set_text(params, "IpPermissions[].UserIdGroupPairs[].UserId", text);
    Ok(())
}

fn set_text(params: &mut Map, member: &'static str, text: &str) {
    if !text.is_empty() {
        MemberPath(member).set(params, Value::from(text));
    }
}

/// `bundle-instance --policy TEXT`: the policy is sent as it is, which the service expects in base64.
pub(super) fn upload_policy(params: &mut Map, text: &str) -> Result<(), String> {
    let policy = Value::Blob(inia::Blob::from(text.as_bytes()));
    MemberPath("Storage.S3.UploadPolicy").set(params, policy);
    Ok(())
}

/// `create-network-acl-entry --protocol tcp`: the service takes numbers only.
pub(super) fn protocol_number(params: &mut Map) {
    let number = match params.get("Protocol").and_then(Value::as_str) {
        Some("tcp") => "6",
        Some("udp") => "17",
        Some("icmp") => "1",
        Some("all") => "-1",
        _ => return,
    };
    params.insert("Protocol", number);
}

/// `bundle-instance` without a policy: one that allows the upload for a day.
pub(super) fn default_upload_policy(params: &mut Map) {
    const DAY: Duration = Duration::from_secs(86_400);
    let Some(storage) = params
        .get_mut("Storage")
        .and_then(|storage| storage.get_mut("S3"))
    else {
        return;
    };
    let text = |name: &str| storage[name].as_str().unwrap_or_default().to_owned();
    let (bucket, prefix) = (text("Bucket"), text("Prefix"));
    let expires = SystemTime::now() + DAY;
    let seconds = expires
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let Some(storage) = storage.as_map_mut() else {
        return;
    };
    let Ok(expires) = Timestamp::try_new(i64::try_from(seconds).unwrap_or_default(), 0) else {
        return;
    };
    storage.get_or_insert_with("UploadPolicy", || {
        let policy = json!({
            "expiration": expires.iso8601().as_str(),
            "conditions": [{"bucket": bucket}, {"acl": "ec2-bundle-read"}, ["starts-with", "$key", prefix]],
        });
        Value::Blob(inia::Blob::from(policy.to_json_string().into_bytes()))
    });
}
