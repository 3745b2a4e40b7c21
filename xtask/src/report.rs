//! What one release of the definitions has that another does not: services, operations, and keys that no code reads.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use inia_core::{Str, Value};
use inia_model::{Kind, Member, ServiceModel, Traits};

/// The services of a folder of definitions, each in its newest version.
pub(crate) struct Inventory {
    /// Names of the operations by service.
    services: BTreeMap<String, BTreeSet<String>>,
    /// Keys that no code reads, each with a service that has it.
    unread: BTreeMap<String, String>,
}

impl Inventory {
    /// Loads the definitions of a folder, as files with or without compression.
    pub(crate) fn of(data: &Path) -> Result<Self> {
        let mut inventory = Inventory {
            services: BTreeMap::new(),
            unread: BTreeMap::new(),
        };
        for entry in fs::read_dir(data).with_context(|| data.display().to_string())? {
            let service = entry?.path();
            let name = service
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let versions = fs::read_dir(&service).into_iter().flatten().flatten();
            let files = versions.map(|version| version.path().join("service-2.json"));
            if let Some(file) = files.filter(|file| file.is_file()).max() {
                let text = fs::read(&file).with_context(|| file.display().to_string())?;
                inventory.add(&name, &ServiceModel::from_json(&name, &text)?);
            }
        }
        Ok(inventory)
    }

    fn add(&mut self, service: &str, model: &ServiceModel) {
        self.add_keys(service, "metadata", &model.metadata().unknown);
        for operation in model.operations() {
            self.add_keys(service, "operation", &operation.unknown);
        }
        for (_, shape) in model.shapes() {
            self.add_traits(service, "shape", &shape.traits);
            let mut members: Vec<&Member> = Vec::new();
            match &shape.kind {
                Kind::Structure(structure) => members.extend(&structure.members),
                Kind::List(member) => members.push(member),
                Kind::Map { key, value } => members.extend([key, value]),
                _ => {}
            }
            for member in members {
                self.add_traits(service, "member", &member.traits);
            }
        }
        let names = model.operation_names().map(ToString::to_string);
        self.services.insert(service.to_owned(), names.collect());
    }

    fn add_traits(&mut self, service: &str, of: &str, traits: &Traits) {
        if let Some(unknown) = &traits.unknown {
            self.add_keys(service, of, unknown);
        }
    }

    fn add_keys(&mut self, service: &str, of: &str, keys: &[(Str, Value)]) {
        for (key, _) in keys {
            let entry = self.unread.entry(format!("{of} key {key}"));
            entry.or_insert_with(|| service.to_owned());
        }
    }

    /// Returns lines about what this has beyond an older one, and what is gone.
    pub(crate) fn since(&self, old: &Inventory) -> Vec<String> {
        let count = |inventory: &Inventory| {
            inventory
                .services
                .values()
                .map(BTreeSet::len)
                .sum::<usize>()
        };
        let mut lines = vec![format!(
            "{} services with {} operations; before: {} with {}",
            self.services.len(),
            count(self),
            old.services.len(),
            count(old)
        )];
        for (service, operations) in &self.services {
            match old.services.get(service) {
                None => lines.push(format!(
                    "new service {service}: {} operations",
                    operations.len()
                )),
                Some(before) => {
                    let names = |names: &BTreeSet<String>, others: &BTreeSet<String>| {
                        names
                            .difference(others)
                            .cloned()
                            .collect::<Vec<_>>()
                            .join(", ")
                    };
                    let (new, gone) = (names(operations, before), names(before, operations));
                    if !new.is_empty() {
                        lines.push(format!("{service}: new operations {new}"));
                    }
                    if !gone.is_empty() {
                        lines.push(format!("{service}: removed operations {gone}"));
                    }
                }
            }
        }
        let gone = old
            .services
            .keys()
            .filter(|service| !self.services.contains_key(*service));
        lines.extend(gone.map(|service| format!("removed service {service}")));
        for (key, service) in &self.unread {
            if !old.unread.contains_key(key) {
                lines.push(format!("new {key}, which nothing reads: in {service}"));
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inventory(services: &[(&str, &str)]) -> Inventory {
        let mut inventory = Inventory {
            services: BTreeMap::new(),
            unread: BTreeMap::new(),
        };
        for (name, operations) in services {
            let text = format!(
                r#"{{"metadata": {{"protocol": "json", "endpointPrefix": "t"}}, "operations": {{{operations}}}}}"#
            );
            let model = ServiceModel::from_json(name, text.as_bytes()).unwrap();
            inventory.add(name, &model);
        }
        inventory
    }

    #[test]
    fn a_report_names_services_operations_and_unread_keys() {
        let old = inventory(&[
            ("a", r#""Go": {"http": {}}, "Stop": {"http": {}}"#),
            ("gone", ""),
        ]);
        let new = inventory(&[
            (
                "a",
                r#""Go": {"http": {}, "tomorrow": 1}, "Run": {"http": {}}"#,
            ),
            ("b", r#""X": {"http": {}}"#),
        ]);
        assert_eq!(
            new.since(&old),
            [
                "2 services with 3 operations; before: 2 with 2",
                "a: new operations Run",
                "a: removed operations Stop",
                "new service b: 1 operations",
                "removed service gone",
                "new operation key tomorrow, which nothing reads: in a",
            ]
        );
    }
}
