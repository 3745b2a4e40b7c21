//! Checks JMESPath expressions against the shapes they are applied to.

use std::fmt;

use anyhow::{Context, Result, bail, ensure};
use inia_model::jmespath::{Expression, FieldStep};

use crate::json::Json;

use super::service::Service;

/// Structure that a path starts from, if any.
#[derive(Clone, Copy)]
pub(super) struct Root<'a> {
    pub(super) service: Service<'a>,
    pub(super) shape: Option<&'a str>,
}

impl fmt::Debug for Root<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Root").field(&self.shape).finish()
    }
}

impl<'a> Root<'a> {
    /// Returns the member of the structure.
    pub(super) fn member(self, name: &str) -> Option<&'a Json> {
        self.service.shape(self.shape?)?.get("members")?.get(name)
    }
}

/// Checks that an expression compiles and that all its members exist in the shape at `root`.
pub(super) fn check(expression: &str, root: Root<'_>) -> Result<()> {
    ensure!(!expression.is_empty(), "empty path");
    let expression = Expression::compile(expression)?;
    let Some(shape) = root.shape else {
        bail!("no structure to resolve in");
    };
    for path in expression.field_paths() {
        follow(root.service, shape, &path)
            .with_context(|| format!("{path} not found in {shape}"))?;
    }
    Ok(())
}

/// Reports whether the steps resolve. A step with several shapes resolves if one of them does.
fn follow(service: Service<'_>, shape: &str, steps: &[FieldStep]) -> Option<()> {
    let Some((step, rest)) = steps.split_first() else {
        return Some(());
    };
    let definition = service.shape(shape)?;
    let kind = definition.string("type")?;
    let target = |key: &str| definition.get(key)?.string("shape");
    match step {
        FieldStep::Field(_) | FieldStep::Value if kind == "map" => {
            follow(service, target("value")?, rest)
        }
        FieldStep::Field(name) => {
            let member = definition.get("members")?.get(name)?;
            follow(service, member.string("shape")?, rest)
        }
        FieldStep::Value => definition
            .members("members")
            .find_map(|(_, member)| follow(service, member.string("shape")?, rest)),
        FieldStep::Element => follow(service, target("member")?, rest),
        FieldStep::Flatten => follow(service, innermost(service, target("member")?)?, rest),
    }
}

/// Returns the element shape of nested lists.
fn innermost<'a>(service: Service<'a>, mut shape: &'a str) -> Option<&'a str> {
    // Bounded because a list may contain itself; services nest at most two lists.
    for _ in 0..16 {
        let definition = service.shape(shape)?;
        if definition.string("type")? != "list" {
            return Some(shape);
        }
        shape = definition.get("member")?.string("shape")?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &str = r#"{"shapes": {
        "Out": {"type": "structure", "members": {"Items": {"shape": "List"}, "Token": {"shape": "S"}, "Map": {"shape": "Map"},
            "Lists": {"shape": "Lists"}, "Forever": {"shape": "Forever"}}},
        "Lists": {"type": "list", "member": {"shape": "List"}},
        "Forever": {"type": "list", "member": {"shape": "Forever"}},
        "List": {"type": "list", "member": {"shape": "Item"}},
        "Map": {"type": "map", "key": {"shape": "S"}, "value": {"shape": "Item"}},
        "Item": {"type": "structure", "members": {"Name": {"shape": "S"}, "Item": {"shape": "Item"}}},
        "S": {"type": "string"}
    }}"#;

    fn error(path: &str) -> Option<String> {
        let model = serde_json::from_str(SERVICE).unwrap();
        let root = Root {
            service: Service::new(&model),
            shape: Some("Out"),
        };
        check(path, root).err().map(|error| error.to_string())
    }

    #[test]
    fn accepts_existing_members() {
        for path in [
            "@",
            "Token",
            "Items[].Name",
            "Items[-1].Item.Item.Name",
            "Map.*.Name",
            "Map.any.Name",
            "Lists[][].Name",
            "Lists[].Name",
            "*[].Name",
            "Token || Items[-1].Name",
            "length(Items[?Name == 'x' && Item]) > `0`",
        ] {
            assert_eq!(error(path), None, "{path}");
        }
    }

    #[test]
    fn rejects_missing_members() {
        for (path, missing) in [
            ("Items[].Nome", "Items[].Nome not found in Out"),
            ("Name", "Name not found in Out"),
            ("Items.Name", "Items.Name not found in Out"),
            ("Token[0]", "Token[*] not found in Out"),
            ("Items[?Nome == 'x'].Name", "Items[*].Nome not found in Out"),
            ("Token || Items[-1].Nome", "Items[*].Nome not found in Out"),
            ("Forever[]", "Forever[] not found in Out"),
            ("", "empty path"),
            ("Items[", "invalid JMESPath expression"),
        ] {
            let error = error(path).unwrap();
            assert!(error.contains(missing), "{path}: {error}");
        }
    }
}
