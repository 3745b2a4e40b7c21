//! Interactive prompts on the terminal.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal as _, Write};
use std::sync::Arc;

use inia::credentials::Secret;
use inia::ports::{BoxFuture, Host, Prompt};

/// Maximum length of an input line, in bytes.
const MAX_LINE: u64 = 64 * 1024;

/// Prompts for MFA codes on the controlling terminal, or on standard input and error if there is none.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TerminalPrompt;

impl Prompt for TerminalPrompt {
    fn secret(&self, question: &str) -> BoxFuture<'_, inia::Result<Secret>> {
        let question = question.to_owned();
        Box::pin(async move {
            let no_input = |error: io::Error| {
                let question = question.trim_end_matches([':', ' ']);
                let message = format!("{question}: no input");
                inia::Error::new(inia::ErrorKind::Credentials, message).with_source(error)
            };
            let input = match File::options().read(true).write(true).open("/dev/tty") {
                Ok(terminal) => {
                    let echo = EchoGuard::on(&terminal);
                    let input =
                        prompt(terminal.try_clone().map_err(no_input)?, terminal, &question);
                    finish(input, echo, io::stderr()).await
                }
                Err(_) => prompt(io::stdin(), io::stderr(), &question).await,
            };
            Ok(Secret::from(input.map_err(no_input)?))
        })
    }
}

/// Returns the system host with a prompt on the terminal.
pub(crate) fn host() -> Host {
    Host {
        prompt: Arc::new(TerminalPrompt),
        ..inia::host::system_host()
    }
}

/// Returns the width of the terminal of standard output, in columns.
pub(crate) fn width() -> Option<usize> {
    #[cfg(unix)]
    {
        let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
        Some(usize::from(size.ws_col)).filter(|width| *width > 0)
    }
    #[cfg(not(unix))]
    None
}

/// Prompts on standard output and reads a line of standard input.
pub(crate) async fn line(question: &str) -> io::Result<String> {
    prompt(io::stdin(), io::stdout(), question).await
}

/// Like [`line()`], without echo of the typed characters.
pub(crate) async fn hidden_line(question: &str) -> io::Result<String> {
    if !io::stdin().is_terminal() {
        return line(question).await;
    }
    let echo = EchoGuard::on(&io::stdin());
    finish(line(question), echo, io::stdout()).await
}

/// Awaits input without echo, then writes the line break that was not echoed.
async fn finish(
    input: impl Future<Output = io::Result<String>>,
    echo: Option<EchoGuard>,
    mut terminal: impl Write,
) -> io::Result<String> {
    let input = input.await;
    if echo.is_some() {
        writeln!(terminal)?;
    }
    input
}

/// Prompts and reads a line on a separate thread, so that an interrupt ends the wait.
async fn prompt(
    source: impl io::Read + Send + 'static,
    mut output: impl Write + Send + 'static,
    question: &str,
) -> io::Result<String> {
    let question = question.to_owned();
    let read = tokio::task::spawn_blocking(move || {
        output.write_all(question.as_bytes())?;
        output.flush()?;
        read_line(source)
    });
    read.await.map_err(io::Error::other)?
}

/// Reads a line without its line break. Nothing beyond the line is consumed: the next prompt reads from there.
fn read_line(input: impl io::Read) -> io::Result<String> {
    let mut line = Vec::new();
    // A buffer of one byte does not read ahead.
    let mut reader = BufReader::with_capacity(1, io::Read::take(input, MAX_LINE));
    if reader.read_until(b'\n', &mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let line = String::from_utf8(line)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the input is not UTF-8"))?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

/// Disables terminal echo until dropped.
struct EchoGuard {
    #[cfg(unix)]
    terminal: std::os::fd::OwnedFd,
    #[cfg(unix)]
    original: rustix::termios::Termios,
}

impl EchoGuard {
    #[cfg(unix)]
    fn on(terminal: &impl std::os::fd::AsFd) -> Option<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let original = tcgetattr(terminal).ok()?;
        let mut silent = original.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(terminal, OptionalActions::Flush, &silent).ok()?;
        Some(EchoGuard {
            terminal: terminal.as_fd().try_clone_to_owned().ok()?,
            original,
        })
    }

    #[cfg(not(unix))]
    fn on<T>(_: &T) -> Option<Self> {
        None
    }
}

#[cfg(unix)]
impl Drop for EchoGuard {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        // Errors are ignored: the terminal may be gone.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.original);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_one_line_at_a_time() {
        let mut input = io::Cursor::new(b"one\r\n\nthree");
        assert_eq!(read_line(&mut input).unwrap(), "one");
        assert_eq!(read_line(&mut input).unwrap(), "");
        assert_eq!(read_line(&mut input).unwrap(), "three");
        assert_eq!(
            read_line(&mut input).unwrap_err().kind(),
            io::ErrorKind::UnexpectedEof
        );
        assert!(read_line(&b"\xff\n"[..]).is_err());
    }
}
