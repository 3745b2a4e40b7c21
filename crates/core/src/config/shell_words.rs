//! Shell-like word splitting, for section headings and the command line of `credential_process`.

/// Splits text into words as a POSIX shell does: at white space outside quotes, with backslash escapes.
///
/// Returns `None` if a quote is not closed or the text ends with a backslash.
///
/// # Source
/// Python's `shlex.split`, which botocore uses for both (`configloader.py:_parse_section`, `compat.py:compat_shell_split`).
pub(crate) fn split_words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match characters.next()? {
                        '\'' => break,
                        inner => word.push(inner),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match characters.next()? {
                        '"' => break,
                        '\\' => {
                            let next = characters.next()?;
                            if !matches!(next, '"' | '\\') {
                                word.push('\\');
                            }
                            word.push(next);
                        }
                        inner => word.push(inner),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(characters.next()?),
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Some(words)
}

/// Splits a Windows command line by the rules of Microsoft's C runtime: backslashes are literal unless they precede a quote.
///
/// Returns `None` if a quote is not closed.
///
/// # Source
/// botocore `compat.py:_windows_shell_split`.
pub(crate) fn split_words_windows(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut backslashes = 0_usize;
    for character in text.chars() {
        if character == '\\' {
            backslashes += 1;
            continue;
        }
        if character == '"' {
            let word = word.get_or_insert_default();
            word.extend(std::iter::repeat_n('\\', backslashes / 2));
            if backslashes % 2 == 1 {
                word.push('"');
            } else {
                quoted = !quoted;
            }
            backslashes = 0;
            continue;
        }
        if backslashes > 0 {
            word.get_or_insert_default()
                .extend(std::iter::repeat_n('\\', backslashes));
            backslashes = 0;
        }
        if !quoted && matches!(character, ' ' | '\t') {
            words.extend(word.take());
        } else {
            word.get_or_insert_default().push(character);
        }
    }
    if quoted {
        return None;
    }
    if backslashes > 0 {
        word.get_or_insert_default()
            .extend(std::iter::repeat_n('\\', backslashes));
    }
    words.extend(word);
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_posix_words() {
        for (text, words) in [
            ("", Some(vec![])),
            ("  a  b\t", Some(vec!["a", "b"])),
            (
                r#"profile "my profile""#,
                Some(vec!["profile", "my profile"]),
            ),
            (r#"a 'b "c"' d\ e"#, Some(vec!["a", "b \"c\"", "d e"])),
            (r#""a\"b\c" x"y"z"#, Some(vec![r#"a"b\c"#, "xyz"])),
            (r#"''"#, Some(vec![""])),
            (r#"profile "open"#, None),
            ("back\\", None),
        ] {
            let words = words.map(|words| words.into_iter().map(str::to_owned).collect());
            assert_eq!(split_words(text), words, "{text}");
        }
    }

    #[test]
    fn splits_windows_words() {
        for (text, words) in [
            (
                r#""C:\Program Files\x.exe" --a b\\c"#,
                Some(vec![r"C:\Program Files\x.exe", "--a", r"b\\c"]),
            ),
            (r#"a\"b "c\\" d"#, Some(vec![r#"a"b"#, r"c\", "d"])),
            (r#"tail\"#, Some(vec![r"tail\"])),
            (r#""open"#, None),
        ] {
            let words = words.map(|words| words.into_iter().map(str::to_owned).collect());
            assert_eq!(split_words_windows(text), words, "{text}");
        }
    }
}
