//! Paths to members of an input: `Destination.ToAddresses`, `MetricData[].MetricName`.

use inia::model::{Kind, Member, Operation, ServiceModel};
use inia::{List, Map, Value};

/// A path of member names. `[]` behind a name is the first element of the list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MemberPath(pub(crate) &'static str);

impl MemberPath {
    /// Returns the member at the path.
    pub(crate) fn member<'m>(
        self,
        model: &'m ServiceModel,
        operation: &Operation,
    ) -> Option<&'m Member> {
        let mut structure = model.input(operation)?;
        let mut names = self.0.split('.').peekable();
        loop {
            let step = names.next()?;
            let (name, is_list) = match step.strip_suffix("[]") {
                Some(name) => (name, true),
                None => (step, false),
            };
            let mut member = structure.member(name)?;
            if is_list && let Kind::List(element) = &model.shape(member.target).kind {
                member = element;
            }
            if names.peek().is_none() {
                return Some(member);
            }
            structure = match &model.shape(member.target).kind {
                Kind::Structure(structure) => structure,
                _ => return None,
            };
        }
    }

    /// Returns the value at the path.
    pub(crate) fn get(self, params: &Map) -> Option<&Value> {
        get(params, self.0)
    }

    /// Sets the value at the path; structures and lists on the way are created. Maps are merged.
    pub(crate) fn set(self, params: &mut Map, value: Value) {
        set(params, self.0, value);
    }
}

/// Returns the first step of a path with the name in it, and the rest of the path.
fn first_step(path: &str) -> (&str, &str, Option<&str>) {
    let (step, rest) = match path.split_once('.') {
        Some((step, rest)) => (step, Some(rest)),
        None => (path, None),
    };
    (step, step.strip_suffix("[]").unwrap_or(step), rest)
}

fn get<'v>(map: &'v Map, path: &str) -> Option<&'v Value> {
    let (_, name, rest) = first_step(path);
    let value = map.get(name)?;
    let Some(rest) = rest else {
        return Some(value);
    };
    let structure = match value {
        Value::List(list) => list.first()?,
        other => other,
    };
    get(structure.as_map()?, rest)
}

fn set(map: &mut Map, path: &str, value: Value) {
    let (step, name, rest) = first_step(path);
    let Some(rest) = rest else {
        match (map.get_mut(name).and_then(Value::as_map_mut), value) {
            (Some(existing), Value::Map(new)) => existing.extend(new),
            (_, value) => {
                map.insert(name, value);
            }
        }
        return;
    };
    let slot = map.get_or_insert_with(name, || {
        if step.ends_with("[]") {
            Value::List(List::from_iter([Value::map()]))
        } else {
            Value::map()
        }
    });
    let structure = match slot {
        Value::List(list) => list.first_mut(),
        other => Some(other),
    };
    if let Some(structure) = structure.and_then(Value::as_map_mut) {
        set(structure, rest, value);
    }
}

#[cfg(test)]
mod tests {
    use inia::json;

    use super::*;

    #[test]
    fn structures_and_lists_on_the_way_are_created() {
        let mut params = Map::new();
        MemberPath("A.B").set(&mut params, Value::from("1"));
        MemberPath("A.C").set(&mut params, Value::from("2"));
        MemberPath("L[].X").set(&mut params, Value::from("3"));
        MemberPath("L[].Y").set(&mut params, Value::from("4"));
        MemberPath("A").set(&mut params, json!({"D": 5}));
        assert_eq!(MemberPath("A.C").get(&params), Some(&Value::from("2")));
        assert_eq!(MemberPath("L[].Y").get(&params), Some(&Value::from("4")));
        assert_eq!(MemberPath("A.L[].Y").get(&params), None);
        let expected = json!({"A": {"B": "1", "C": "2", "D": 5}, "L": [{"X": "3", "Y": "4"}]});
        assert_eq!(Value::Map(params), expected);
    }
}
