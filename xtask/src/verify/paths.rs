//! JMESPath expressions, held against the shapes they are applied to.

use std::fmt;

use anyhow::{Context, Result, bail, ensure};
use inia_model::jmespath::{Expression, Step};

use crate::json::Json;

use super::service::Service;

/// The structure that a path starts from, if there is one.
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
    /// The member of the structure with this name.
    pub(super) fn member(self, name: &str) -> Option<&'a Json> {
        self.service.shape(self.shape?)?.get("members")?.get(name)
    }
}

/// Checks that an expression compiles, and that all it reads is there in values of the shape at `root`.
pub(super) fn check(expression: &str, root: Root<'_>) -> Result<()> {
    ensure!(!expression.is_empty(), "there is no path");
    let expression = Expression::compile(expression)?;
    let Some(shape) = root.shape else {
        bail!("there is no structure to look in");
    };
    for path in expression.field_paths() {
        follow(root.service, shape, &path)
            .with_context(|| format!("{path} is not there in {shape}"))?;
    }
    Ok(())
}

/// Whether the steps lead somewhere; a step to several shapes leads where one of them does.
fn follow(service: Service<'_>, shape: &str, steps: &[Step]) -> Option<()> {
    let Some((step, rest)) = steps.split_first() else {
        return Some(());
    };
    let definition = service.shape(shape)?;
    let kind = definition.string("type")?;
    let target = |key: &str| definition.get(key)?.string("shape");
    match step {
        Step::Field(_) | Step::Value if kind == "map" => follow(service, target("value")?, rest),
        Step::Field(name) => {
            let member = definition.get("members")?.get(name)?;
            follow(service, member.string("shape")?, rest)
        }
        Step::Value => definition
            .members("members")
            .find_map(|(_, member)| follow(service, member.string("shape")?, rest)),
        Step::Element => follow(service, target("member")?, rest),
        Step::Flatten => follow(service, innermost(service, target("member")?)?, rest),
    }
}

/// The shape of what lists of lists hold in the end.
fn innermost<'a>(service: Service<'a>, mut shape: &'a str) -> Option<&'a str> {
    // A list of itself would never end; no service has even three in a row.
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
    fn what_is_there_passes() {
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
    fn what_is_not_there_is_named() {
        for (path, missing) in [
            ("Items[].Nome", "Items[].Nome is not there in Out"),
            ("Name", "Name is not there in Out"),
            ("Items.Name", "Items.Name is not there in Out"),
            ("Token[0]", "Token[*] is not there in Out"),
            (
                "Items[?Nome == 'x'].Name",
                "Items[*].Nome is not there in Out",
            ),
            (
                "Token || Items[-1].Nome",
                "Items[*].Nome is not there in Out",
            ),
            ("Forever[]", "Forever[] is not there in Out"),
            ("", "there is no path"),
            ("Items[", "invalid JMESPath expression"),
        ] {
            let error = error(path).unwrap();
            assert!(error.contains(missing), "{path} gives {error}");
        }
    }
}
