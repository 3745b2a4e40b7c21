//! Splits a line into words as a POSIX shell does, without expansions.

/// Returns the words of a line; `None` if a quote is not closed.
pub(crate) fn split(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            ' ' | '\t' | '\n' => words.extend(word.take()),
            '\'' => {
                let text = word.get_or_insert_default();
                loop {
                    match characters.next()? {
                        '\'' => break,
                        other => text.push(other),
                    }
                }
            }
            '"' => {
                let text = word.get_or_insert_default();
                loop {
                    match characters.next()? {
                        '"' => break,
                        '\\' => match characters.next()? {
                            escaped @ ('"' | '\\' | '$' | '`') => text.push(escaped),
                            '\n' => {}
                            other => text.extend(['\\', other]),
                        },
                        other => text.push(other),
                    }
                }
            }
            '\\' => match characters.next()? {
                '\n' => {}
                other => word.get_or_insert_default().push(other),
            },
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Some(words)
}

/// Checks that words are split as in a shell.
pub(crate) fn check() {
    assert_eq!(
        split(r#"a 'b c' "d \" \x" e\ f '' g=''"h"#).as_deref(),
        None
    );
    let words = split(r#"a 'b c' "d \" \x" e\ f '' g='h'"#).unwrap();
    assert_eq!(words, ["a", "b c", "d \" \\x", "e f", "", "g=h"]);
}
