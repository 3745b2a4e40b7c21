//! Whoever sits at the terminal: questions, and answers that are not shown.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal as _, Write};
use std::sync::Arc;

use inia::Secret;
use inia::ports::{BoxFuture, Host, Prompt};

/// The most bytes of an answer.
const LONGEST: u64 = 64 * 1024;

/// Asks for MFA codes at the terminal the command runs in; where there is none, the answer is a line of standard input.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TerminalPrompt;

impl Prompt for TerminalPrompt {
    fn secret(&self, question: &str) -> BoxFuture<'_, inia::Result<Secret>> {
        let question = question.to_owned();
        Box::pin(async move {
            let nobody = |error: io::Error| {
                inia::Error::new(
                    inia::ErrorKind::Credentials,
                    format!("{question} has no answer"),
                )
                .with_source(error)
            };
            let question = format!("{question}: ");
            let answer = match File::options().read(true).write(true).open("/dev/tty") {
                Ok(terminal) => {
                    let echo = NoEcho::on(&terminal);
                    let answer = ask(terminal.try_clone().map_err(nobody)?, terminal, &question);
                    finish(answer, echo, io::stderr()).await
                }
                Err(_) => ask(io::stdin(), io::stderr(), &question).await,
            };
            Ok(Secret::from(answer.map_err(nobody)?))
        })
    }
}

/// The machine this runs on, with whoever sits at the terminal.
pub(crate) fn host() -> Host {
    Host {
        prompt: Arc::new(TerminalPrompt),
        ..inia::host::system_host()
    }
}

/// Asks on standard output, and reads a line of standard input.
pub(crate) async fn line(question: &str) -> io::Result<String> {
    ask(io::stdin(), io::stdout(), question).await
}

/// [`line()`] with an answer that is not shown while it is typed.
pub(crate) async fn hidden_line(question: &str) -> io::Result<String> {
    if !io::stdin().is_terminal() {
        return line(question).await;
    }
    let echo = NoEcho::on(&io::stdin());
    finish(line(question), echo, io::stdout()).await
}

/// Waits for a hidden answer, and ends the line that its own end was not shown on.
async fn finish(
    answer: impl Future<Output = io::Result<String>>,
    echo: Option<NoEcho>,
    mut terminal: impl Write,
) -> io::Result<String> {
    let answer = answer.await;
    if echo.is_some() {
        writeln!(terminal)?;
    }
    answer
}

/// Asks a question and reads a line, on a thread of its own: an interrupt ends the wait.
async fn ask(
    input: impl io::Read + Send + 'static,
    mut output: impl Write + Send + 'static,
    question: &str,
) -> io::Result<String> {
    let question = question.to_owned();
    let read = tokio::task::spawn_blocking(move || {
        output.write_all(question.as_bytes())?;
        output.flush()?;
        read_line(input)
    });
    read.await.map_err(io::Error::other)?
}

/// A line without its end. Not a byte beyond it is taken: the next question reads on from there.
fn read_line(input: impl io::Read) -> io::Result<String> {
    let mut line = Vec::new();
    // A reader of one byte at a time holds nothing back.
    let mut reader = BufReader::with_capacity(1, io::Read::take(input, LONGEST));
    if reader.read_until(b'\n', &mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let line = String::from_utf8(line)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the answer is not UTF-8"))?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

/// Keeps what is typed from being shown, until it is dropped.
struct NoEcho {
    #[cfg(unix)]
    terminal: std::os::fd::OwnedFd,
    #[cfg(unix)]
    before: rustix::termios::Termios,
}

impl NoEcho {
    #[cfg(unix)]
    fn on(terminal: &impl std::os::fd::AsFd) -> Option<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(terminal).ok()?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(terminal, OptionalActions::Flush, &silent).ok()?;
        Some(NoEcho {
            terminal: terminal.as_fd().try_clone_to_owned().ok()?,
            before,
        })
    }

    #[cfg(not(unix))]
    fn on<T>(_: &T) -> Option<Self> {
        None
    }
}

#[cfg(unix)]
impl Drop for NoEcho {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        // There is nothing to be done about a terminal that went away.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_one_at_a_time() {
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
