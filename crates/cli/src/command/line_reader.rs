//! Reads lines of a bounded length.

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _};

/// Maximum length of an input line, in bytes. Blobs are part of the line.
pub(crate) const MAX_LINE_BYTES: usize = 256 * 1024 * 1024;

/// A line of the input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum InputLine {
    /// The text without its line break.
    Text(Vec<u8>),
    /// A line beyond the limit, which is skipped.
    TooLong,
    /// The end of the input.
    End,
}

/// Reads the next line.
pub(crate) async fn read_line(
    input: &mut (impl AsyncBufRead + Unpin),
) -> std::io::Result<InputLine> {
    let mut line = Some(Vec::new());
    let mut is_empty = true;
    loop {
        let buffer = input.fill_buf().await?;
        if buffer.is_empty() && is_empty {
            return Ok(InputLine::End);
        }
        let end = buffer.iter().position(|&byte| byte == b'\n');
        let piece = buffer
            .get(..end.unwrap_or(buffer.len()))
            .unwrap_or_default();
        line = line.filter(|line: &Vec<u8>| line.len() + piece.len() <= MAX_LINE_BYTES);
        if let Some(line) = &mut line {
            line.extend_from_slice(piece);
        }
        let is_end = end.is_some() || buffer.is_empty();
        let used = end.map_or(buffer.len(), |end| end + 1);
        input.consume(used);
        is_empty = false;
        if is_end {
            return Ok(line.map_or(InputLine::TooLong, InputLine::Text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lines_with_and_without_a_line_break() {
        let mut input = &b"one\n\ntwo\r\nthree"[..];
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        for text in ["one", "", "two\r", "three"] {
            let line = runtime.block_on(read_line(&mut input)).unwrap();
            assert_eq!(line, InputLine::Text(text.into()));
        }
        let end = runtime.block_on(read_line(&mut input)).unwrap();
        assert_eq!(end, InputLine::End);
    }
}
