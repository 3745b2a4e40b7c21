use super::*;
use crate::detail::{MemberPool, RowKeys, RowPool};

#[test]
fn finds_entries_of_a_large_map_in_order() {
    let map: Map = (0..1000).map(|i| (format!("key{i}"), i)).collect();
    assert_eq!(map.len(), 1000);
    assert_eq!(map.get("key999"), Some(&Value::Int(999)));
    assert_eq!(map.keys().nth(500).unwrap(), "key500");
}

#[test]
fn equality_ignores_order() {
    let one: Map = [("a", 1), ("b", 2)].into_iter().collect();
    let two: Map = [("b", 2), ("a", 1)].into_iter().collect();
    let three: Map = [("b", 2), ("a", 3)].into_iter().collect();
    assert_eq!(one, two);
    assert_ne!(one, three);
}

#[test]
fn insert_replaces_and_remove_keeps_order() {
    let mut map: Map = (0..40).map(|i| (format!("k{i}"), i)).collect();
    assert_eq!(map.insert("k3", "three"), Some(Value::Int(3)));
    assert_eq!(map.remove("k0"), Some(Value::Int(0)));
    assert_eq!(map.keys().next().unwrap(), "k1");
    assert_eq!(map.get_index(2).unwrap().1, &Value::from("three"));
    *map.get_or_insert_with("new", || Value::Null) = Value::from(true);
    assert_eq!(map.get("new"), Some(&Value::Bool(true)));
}

/// Returns maps in several storage forms with the entries `m0`, `m1`, ... and their positions as values.
fn forms(count: i64) -> Vec<Map> {
    let names = (0..count).map(|position| format!("m{position}"));
    let mut members = MemberPool::new();
    let mark = members.begin();
    for (name, position) in names.clone().zip(0..) {
        members.push(Name::intern(&name), Value::Int(position));
    }
    let mut rows = RowPool::new(RowKeys::from_iter(names));
    // The second row does not start at index 0.
    let mut row = Map::new();
    for _ in 0..2 {
        rows.begin();
        (0..count).for_each(|position| rows.push(Value::Int(position)));
        row = rows.finish().unwrap();
    }
    let mut forms = vec![members.finish_owned(mark), row];
    if count == 1 {
        forms.push(Map::of_member(Name::intern("m0"), Value::Int(0)));
    }
    forms
}

#[test]
fn storage_form_does_not_affect_operations() {
    let plain = |count| (0..count).map(|i| (format!("m{i}"), i)).collect::<Map>();
    for (count, form) in [0, 1, 2, 20]
        .into_iter()
        .flat_map(|count| forms(count).into_iter().map(move |form| (count, form)))
    {
        let plain = plain(count);
        assert_eq!(form, plain);
        assert_eq!(form.clone().into_iter().collect::<Map>(), plain);
        assert_eq!(form.iter().len(), plain.len());
        assert_eq!(form.get("m7"), plain.get("m7"));
        let only = (count == 1).then(|| plain.get_index(0)).flatten();
        assert_eq!(form.only_entry(), only);
        for change in [
            |map: &mut Map| drop(map.insert("new", 1)),
            |map: &mut Map| drop(map.insert("m0", 1)),
            |map: &mut Map| map.push("new".into(), Value::Null),
            |map: &mut Map| drop(map.remove("m0")),
            |map: &mut Map| drop(map.remove("m7")),
            |map: &mut Map| map.retain(|key, _| *key != "m0"),
            |map: &mut Map| map.iter_mut().for_each(|(_, value)| *value = Value::Null),
            |map: &mut Map| *map.get_or_insert_with("m1", Value::map) = Value::Int(9),
            |map: &mut Map| *map = map.split_off(1),
            |map: &mut Map| *map = map.split_off(0),
            |map: &mut Map| map.append(Map::from_iter([("other", 1)])),
        ] {
            let (mut one, mut other) = (form.clone(), plain.clone());
            change(&mut one);
            change(&mut other);
            assert_eq!(one, other);
            assert!(one.keys().eq(other.keys()));
            assert_eq!(one.get_index(0), other.get_index(0));
            assert_eq!(one.clone(), other);
        }
        assert_eq!(form, plain, "changing a clone changed the map");
    }
}

#[test]
fn map_is_16_bytes_wide() {
    assert_eq!(size_of::<Map>(), 16);
}
