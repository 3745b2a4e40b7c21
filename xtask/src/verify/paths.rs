//! JMESPath expressions, held against the shapes they are applied to.

use std::collections::BTreeSet;
use std::fmt;

use anyhow::{Result, bail, ensure};

use crate::json::Json;

use super::service::Service;

/// How deep a path may go into shapes; AWS's longest goes five deep.
const MAX_DEPTH: usize = 16;

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

/// Checks that a path finds something in values of the shape at `root`: that each of its names is a member of the shape, or
/// of one that those members lead to.
pub(super) fn check(path: &str, root: Root<'_>) -> Result<()> {
    ensure!(!path.is_empty(), "there is no path");
    let Some(shape) = root.shape else {
        bail!("there is no structure to look in");
    };
    let names = names(path);
    let mut found = BTreeSet::new();
    collect(root.service, shape, &names, MAX_DEPTH, &mut found);
    let missing: Vec<&&str> = names.difference(&found).collect();
    ensure!(missing.is_empty(), "{missing:?} are not members of {shape}");
    Ok(())
}

/// Adds those of `names` that are members of the shape or of what they lead to.
fn collect<'n>(
    service: Service<'_>,
    shape: &str,
    names: &BTreeSet<&'n str>,
    depth: usize,
    found: &mut BTreeSet<&'n str>,
) {
    let (Some(shape), Some(depth)) = (service.shape(shape), depth.checked_sub(1)) else {
        return;
    };
    let mut targets = Vec::new();
    for name in names {
        if let Some(member) = shape.get("members").and_then(|members| members.get(name)) {
            found.insert(name);
            targets.push(member);
        }
    }
    targets.extend(shape.get("member"));
    targets.extend(shape.get("value"));
    for target in targets {
        if let Some(target) = target.string("shape") {
            collect(service, target, names, depth, found);
        }
    }
}

/// The field names in a path: what is not a literal, a number or the name of a function.
fn names(path: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    let mut rest = path;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            // Literals end at the same mark; none that AWS writes holds an escaped one.
            '\'' | '`' => rest
                .char_indices()
                .skip(1)
                .find_map(|(at, c)| (c == first).then_some(at + 1))
                .unwrap_or(rest.len()),
            c if c.is_ascii_alphanumeric() || c == '_' => {
                let end = rest
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                if !first.is_ascii_digit() && !after.starts_with('(') {
                    names.insert(word);
                }
                end
            }
            c => c.len_utf8(),
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &str = r#"{"shapes": {
        "Out": {"type": "structure", "members": {"Items": {"shape": "List"}, "Token": {"shape": "S"}, "Map": {"shape": "Map"}}},
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
    fn names_leave_out_literals_and_functions() {
        let names = names("length(a.b[?c_1 == 'no' || d > `5`][0]) == `\"x\"`");
        assert_eq!(
            names.into_iter().collect::<Vec<_>>(),
            ["a", "b", "c_1", "d"]
        );
    }

    #[test]
    fn members_of_what_the_members_lead_to_are_found() {
        for path in [
            "Token",
            "Items[].Name",
            "Items[-1].Item.Item.Name",
            "Map.*.Name",
            "length(Items[?Name == 'x']) > `0`",
        ] {
            assert_eq!(error(path), None, "{path}");
        }
    }

    #[test]
    fn members_that_are_not_there_are_named() {
        assert!(error("Items[].Nome").unwrap().contains("Nome"));
        assert!(error("Name").unwrap().contains("Name"));
        assert!(error("").is_some());
    }
}
