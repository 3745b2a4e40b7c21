//! Suggestions for misspelled names.

/// Returns up to three names that are closest to a misspelled one, the best first.
fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let lower_name = name.to_lowercase();
    let limit = (lower_name.chars().count() / 3).max(2);
    let mut scored: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let lower = candidate.to_lowercase();
            let distance = if lower == lower_name {
                0
            } else {
                edit_distance(&lower_name, &lower, limit)?
            };
            Some((distance, candidate))
        })
        .collect();
    scored.sort();
    scored.truncate(3);
    scored.into_iter().map(|(_, candidate)| candidate).collect()
}

/// Returns a suggestion to append to an error message, or an empty string if no name is close.
///
/// ```
/// use inia_core::did_you_mean;
///
/// assert_eq!(did_you_mean("ListQueue", ["ListQueues", "SendMessage"]), "; did you mean ListQueues?");
/// ```
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    let near = nearest(name, candidates);
    if near.is_empty() {
        String::new()
    } else {
        format!("; did you mean {}?", near.join(" or "))
    }
}

/// Returns the Levenshtein distance, or `None` if it is above the limit.
fn edit_distance(one: &str, two: &str, limit: usize) -> Option<usize> {
    let one: Vec<char> = one.chars().take(128).collect();
    let two: Vec<char> = two.chars().take(128).collect();
    if one.len().abs_diff(two.len()) > limit {
        return None;
    }
    let mut row: Vec<usize> = (0..=two.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(&two) {
            let above = *cell;
            let best = (diagonal + usize::from(a != b))
                .min(above + 1)
                .min(left + 1);
            diagonal = above;
            left = best;
            *cell = best;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().filter(|distance| *distance <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_only_close_names() {
        assert!(nearest("Zebra", ["ListQueues"]).is_empty());
        assert_eq!(
            did_you_mean("listqueues", ["ListQueues"]),
            "; did you mean ListQueues?"
        );
    }
}
