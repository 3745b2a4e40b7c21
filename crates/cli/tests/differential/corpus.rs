//! Command lines to compare.
//!
//! A file of lines has one command per line, as in a shell and without `aws`. `#` begins a comment. Lines that begin with `@` belong to
//! the next command:
//!
//! ```text
//! @file NAME TEXT        a file in the current folder; \n is a line break
//! @stdin TEXT            the standard input
//! @env NAME=VALUE        an environment variable; without a value, it is not set
//! @config TEXT           a line of the profile
//! @response STATUS BODY  the response to the next request, instead of a sample of the operation's output
//! ```

use std::collections::BTreeMap;
use std::path::Path;

use super::shell_words;

/// A command line with its surroundings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Case {
    pub(crate) line: String,
    pub(crate) words: Vec<String>,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) stdin: String,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) config: String,
    pub(crate) responses: Vec<(u16, String)>,
}

/// Returns the lines of this test.
pub(crate) fn own() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential/lines");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.iter().flat_map(|path| file(path)).collect()
}

/// Returns the lines of a file.
pub(crate) fn file(path: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut cases = Vec::new();
    let mut case = Case::default();
    let unescaped = |text: &str| text.replace("\\n", "\n");
    for line in text.lines() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(directive) = line.strip_prefix('@') {
            let (name, rest) = directive.split_once(' ').unwrap_or((directive, ""));
            match name {
                "file" => {
                    let (name, text) = rest.split_once(' ').unwrap_or((rest, ""));
                    case.files
                        .insert(name.to_owned(), unescaped(text).into_bytes());
                }
                "stdin" => case.stdin = unescaped(rest),
                "env" => {
                    let (name, value) = rest.split_once('=').unwrap();
                    case.environment.insert(name.to_owned(), value.to_owned());
                }
                "config" => case.config += &(unescaped(rest) + "\n"),
                "response" => {
                    let (status, body) = rest.split_once(' ').unwrap_or((rest, ""));
                    let status = status.parse().unwrap();
                    case.responses.push((status, unescaped(body)));
                }
                other => panic!("{}: unknown directive @{other}", path.display()),
            }
            continue;
        }
        line.clone_into(&mut case.line);
        case.words = shell_words::split(line)
            .unwrap_or_else(|| panic!("{}: unclosed quote: {line}", path.display()));
        cases.push(std::mem::take(&mut case));
    }
    cases
}

/// Returns the command lines of the documentation in the source archive of `awscli`. They are examples, some with placeholders: only
/// those that can be split into words are returned.
pub(crate) fn examples(peers: &Path) -> Vec<Case> {
    let archive = std::fs::read_dir(peers)
        .unwrap()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| {
            path.is_dir()
                && path
                    .file_name()
                    .is_some_and(|name| name.to_string_lossy().starts_with("awscli-"))
        });
    let folder = archive
        .expect("the source archive of awscli; run cargo xtask peers")
        .join("awscli/examples");
    let mut cases = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        let mut paths: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rst")
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                cases.extend(example_lines(&text));
            }
        }
    }
    cases.sort_by(|a, b| a.words.first().cmp(&b.words.first()));
    cases
}

/// Returns the commands of a page: indented lines that begin with `aws`, and the lines that continue them.
fn example_lines(text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        let Some(start) = trimmed
            .strip_prefix("$ ")
            .unwrap_or(trimmed)
            .strip_prefix("aws ")
        else {
            continue;
        };
        if !line.starts_with(' ') {
            continue;
        }
        let mut command = start.to_owned();
        loop {
            let text = command.trim_end();
            if let Some(text) = text.strip_suffix('\\') {
                command = text.to_owned();
            } else if shell_words::split(&command).is_some() {
                break;
            }
            match lines.next() {
                Some(next) if command.len() < 20_000 => {
                    command.push('\n');
                    command.push_str(next.trim_end());
                }
                _ => break,
            }
        }
        let Some(words) = shell_words::split(&command) else {
            continue;
        };
        // Waiters would wait.
        let is_waiter = words.get(1).is_some_and(|word| word == "wait");
        if is_waiter || words.iter().any(|word| matches!(&**word, "|" | ">" | "&&")) {
            continue;
        }
        cases.push(Case {
            line: command.replace('\n', " "),
            words,
            ..Case::default()
        });
    }
    cases
}
