//! [`Redacted`]: prints a value without its secrets.

use std::fmt;

use inia_core::{Value, is_secret_name};
use inia_model::{Kind, Member, ServiceModel};

/// Maximum nesting depth that is printed.
const MAX_DEPTH: u32 = 64;

/// A value whose `Debug` omits the members that its definition marks as sensitive, and those whose names say that they are secret.
#[derive(Clone, Copy)]
pub(crate) struct Redacted<'a> {
    value: &'a Value,
    /// The definition of the value, if it is known.
    member: Option<(&'a ServiceModel, &'a Member)>,
    depth: u32,
}

impl<'a> Redacted<'a> {
    pub(crate) fn new(value: &'a Value, member: Option<(&'a ServiceModel, &'a Member)>) -> Self {
        Redacted {
            value,
            member,
            depth: MAX_DEPTH,
        }
    }

    /// Returns a member, an item or a value of this value.
    fn child(self, name: Option<&str>, value: &'a Value) -> Self {
        let member = self.member.and_then(|(model, member)| {
            let child = match (&model.shape(member.target).kind, name) {
                (Kind::Structure(structure), Some(name)) => structure.member(name)?,
                (Kind::List(element), None) => element,
                (Kind::Map { value, .. }, Some(_)) => value,
                _ => return None,
            };
            Some((model, child))
        });
        Redacted {
            value,
            member,
            depth: self.depth.saturating_sub(1),
        }
    }
}

impl fmt::Debug for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_sensitive = self
            .member
            .is_some_and(|(_, member)| member.traits.is_sensitive());
        match self.value {
            Value::Null => f.write_str("Null"),
            _ if is_sensitive || self.depth == 0 => f.write_str(".."),
            Value::Map(map) => f
                .debug_map()
                .entries(map.iter().map(|(name, value)| {
                    let child = self.child(Some(name), value);
                    let hidden = is_secret_name(name) && !value.is_null();
                    (
                        name,
                        Redacted {
                            depth: if hidden { 0 } else { child.depth },
                            ..child
                        },
                    )
                }))
                .finish(),
            Value::List(list) => f
                .debug_list()
                .entries(list.iter().map(|item| self.child(None, item)))
                .finish(),
            other => fmt::Debug::fmt(other, f),
        }
    }
}

#[cfg(test)]
mod tests {
    use inia_core::json;

    use super::*;

    #[test]
    fn omits_sensitive_members_and_secret_names() {
        let definition = br#"{
            "metadata": {"protocol": "json", "endpointPrefix": "tiny", "targetPrefix": "Tiny"},
            "operations": {"Get": {"http": {"method": "POST", "requestUri": "/"}, "output": {"shape": "Result"}}},
            "shapes": {
                "Result": {"type": "structure", "members": {
                    "Pin": {"shape": "Pin"}, "Items": {"shape": "Items"}, "Map": {"shape": "Map"}, "Name": {"shape": "Text"}}},
                "Items": {"type": "list", "member": {"shape": "Pin"}},
                "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Pin"}},
                "Text": {"type": "string"},
                "Pin": {"type": "string", "sensitive": true}}}"#;
        let model = ServiceModel::from_json("tiny", definition).unwrap();
        let member = model.operation("Get").unwrap().output.as_ref().unwrap();
        let value = json!({
            "Pin": "1234", "Items": ["1234"], "Map": {"a": "1234"}, "Name": "x", "Other": {"db_password": "1234", "n": 1}, "Password": null,
        });
        assert_eq!(
            format!("{:?}", Redacted::new(&value, Some((&model, member)))),
            r#"{"Pin": .., "Items": [..], "Map": {"a": ..}, "Name": String("x"), "Other": {"db_password": .., "n": Int(1)}, "Password": Null}"#
        );
        let mut deep = json!("1234");
        for _ in 0..2_000 {
            deep = vec![deep].into();
        }
        assert!(format!("{:?}", Redacted::new(&deep, None)).len() < 1000);
    }
}
