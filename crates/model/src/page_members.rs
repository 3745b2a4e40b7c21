//! Members of an output that belong to its pages: the listed items, and the flag for further pages.

use inia_core::Str;

use crate::{Kind, Member, ServiceModel, Structure};

/// Results in shipped paginators that indicate whether there is a next page.
const MORE_RESULTS: &[&str] = &["IsTruncated", "isTruncated", "Truncated", "hasMoreResults"];

/// Parts of names of lists that report problems rather than results.
const SECONDARY_RESULT_WORDS: &[&str] = &["error", "failure", "warning", "skipped", "unprocessed"];

/// Returns the result that indicates whether there is a next page.
pub(crate) fn more_results(model: &ServiceModel, output: &Structure) -> Option<&'static str> {
    let is_flag = |name: &str| {
        let member = output.member(name);
        member.is_some_and(|member| kind(model, member) == "boolean")
    };
    MORE_RESULTS.iter().copied().find(|name| is_flag(name))
}

pub(crate) fn kind(model: &ServiceModel, member: &Member) -> &'static str {
    model.shape(member.target).kind.name()
}

/// Returns the paths of the result keys in an output.
pub(crate) fn result_paths(model: &ServiceModel, output: &Structure) -> Vec<String> {
    let of_kind = |structure: &Structure, kind_name: &str| -> Vec<Str> {
        let members = structure.members.iter();
        members
            .filter(|member| kind(model, member) == kind_name)
            .map(|member| member.name.clone())
            .collect()
    };
    let mut lists = of_kind(output, "list");
    if !lists.is_empty() {
        lists.sort_by_key(|name| {
            let name = name.to_lowercase();
            SECONDARY_RESULT_WORDS
                .iter()
                .any(|word| name.contains(word))
        });
        return lists.iter().map(Str::to_string).collect();
    }
    if let [map] = &*of_kind(output, "map") {
        return vec![map.to_string()];
    }
    let mut nested = Vec::new();
    for member in &output.members {
        if let Kind::Structure(inner) = &model.shape(member.target).kind {
            let lists = of_kind(inner, "list");
            nested.extend(lists.iter().map(|list| format!("{}.{list}", member.name)));
        }
    }
    if nested.len() == 1 {
        nested
    } else {
        Vec::new()
    }
}
