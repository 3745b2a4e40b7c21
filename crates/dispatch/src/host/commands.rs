//! [`TokioCommands`]: runs commands.

use std::fmt;
use std::pin::pin;
use std::process::Stdio;
use std::time::Duration;

use futures_util::future::{Either, select, try_join};
use inia_core::ports::{BoxFuture, CommandOutput, Commands};
use inia_core::{Error, ErrorKind, Result};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};

/// The time to read the rest of the output after a command has exited: a process that it has left in the background may keep the
/// pipes open.
const DRAIN_TIME: Duration = Duration::from_millis(250);

/// Runs commands with tokio, and kills them after a time limit.
#[derive(Clone, Default)]
pub struct TokioCommands {
    variables: Vec<(String, String)>,
}

impl TokioCommands {
    /// Sets an environment variable for the commands.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }
}

impl fmt::Debug for TokioCommands {
    /// Omits the values of the variables, which may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.variables.iter().map(|(name, _)| name);
        f.debug_set().entries(names).finish()
    }
}

impl Commands for TokioCommands {
    fn run(
        &self,
        arguments: &[String],
        timeout: Duration,
        limit: usize,
    ) -> BoxFuture<'_, Result<CommandOutput>> {
        let arguments = arguments.to_vec();
        Box::pin(async move {
            let Some((program, arguments)) = arguments.split_first() else {
                return Err(Error::new(ErrorKind::Credentials, "empty command"));
            };
            let output = run(program, arguments, &self.variables, limit);
            tokio::time::timeout(timeout, output)
                .await
                .unwrap_or_else(|_| {
                    Err(Error::new(
                        ErrorKind::Timeout,
                        format!("{program} did not exit within {timeout:?}"),
                    ))
                })
        })
    }
}

async fn run(
    program: &str,
    arguments: &[String],
    variables: &[(String, String)],
    limit: usize,
) -> Result<CommandOutput> {
    let failed = |problem: &str, error: std::io::Error| {
        Error::new(ErrorKind::Credentials, format!("{program} {problem}")).with_source(error)
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::inherit())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let has_group = ProcessGroup::prepare(&mut command);
    let mut child = command
        .spawn()
        .map_err(|error| failed("cannot be started", error))?;
    let mut group = ProcessGroup::of(&child, has_group);
    let pipes = (child.stdout.take(), child.stderr.take());
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    {
        let read = pin!(try_join(
            read(pipes.0, limit, &mut stdout),
            read(pipes.1, limit, &mut stderr),
        ));
        let exit = pin!(async {
            let _ = child.wait().await;
            tokio::time::sleep(DRAIN_TIME).await;
        });
        if let Either::Left((Err(error), _)) = select(read, exit).await {
            return Err(failed("cannot be read", error));
        }
    }
    if stdout.len() > limit || stderr.len() > limit {
        return Err(Error::new(
            ErrorKind::Credentials,
            format!("{program} wrote more than {limit} bytes"),
        ));
    }
    let status = child
        .wait()
        .await
        .map_err(|error| failed("cannot be waited for", error))?;
    group.release();
    Ok(CommandOutput {
        status: status.code(),
        stdout,
        stderr,
    })
}

/// The processes that a command starts. They are killed with it when this is dropped, unless the command has exited.
struct ProcessGroup {
    #[cfg(unix)]
    id: Option<nix::unistd::Pid>,
}

#[cfg(unix)]
impl ProcessGroup {
    /// Gives a command its own process group, and returns true if it did. A process with a terminal does not, because the command could
    /// not read from the terminal then; Ctrl-C ends its whole group.
    fn prepare(command: &mut Command) -> bool {
        let has_terminal = std::fs::File::open("/dev/tty").is_ok();
        if !has_terminal {
            command.process_group(0);
        }
        !has_terminal
    }

    fn of(child: &Child, has_group: bool) -> Self {
        let id = child.id().filter(|_| has_group);
        let id = id.and_then(|id| i32::try_from(id).ok());
        ProcessGroup {
            id: id.map(nix::unistd::Pid::from_raw),
        }
    }

    /// Lets the processes run on that a command left in the background.
    fn release(&mut self) {
        self.id = None;
    }
}

#[cfg(unix)]
impl Drop for ProcessGroup {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            let _ = nix::sys::signal::killpg(id, nix::sys::signal::Signal::SIGKILL);
        }
    }
}

#[cfg(not(unix))]
impl ProcessGroup {
    fn prepare(_command: &mut Command) -> bool {
        false
    }

    fn of(_child: &Child, _has_group: bool) -> Self {
        ProcessGroup {}
    }

    fn release(&mut self) {}
}

/// Reads at most one byte beyond the limit, so that the caller can detect longer output.
async fn read(
    pipe: Option<impl AsyncRead + Unpin>,
    limit: usize,
    output: &mut Vec<u8>,
) -> std::io::Result<()> {
    if let Some(pipe) = pipe {
        pipe.take(limit as u64 + 1).read_to_end(output).await?;
    }
    Ok(())
}

#[cfg(all(test, unix))]
#[expect(clippy::unwrap_used, reason = "test helpers may panic")]
mod tests {
    use super::*;

    fn run(arguments: &[&str], timeout: Duration) -> Result<CommandOutput> {
        let arguments: Vec<String> = arguments
            .iter()
            .map(|&argument| argument.to_owned())
            .collect();
        let commands = TokioCommands::default().env("INIA_TEST", "test value");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(commands.run(&arguments, timeout, 100))
    }

    #[test]
    fn limits_time_and_output_of_commands() {
        let long = Duration::from_secs(20);
        assert_eq!(
            run(&["sh", "-c", "echo hi; exit 3"], long).unwrap().status,
            Some(3)
        );
        assert_eq!(
            run(&["sh", "-c", "echo $INIA_TEST"], long).unwrap().stdout,
            b"test value\n"
        );
        assert_eq!(
            run(&["sh", "-c", "sleep 20"], Duration::from_millis(50))
                .unwrap_err()
                .kind(),
            ErrorKind::Timeout
        );
        assert!(
            run(&["sh", "-c", "yes"], long)
                .unwrap_err()
                .message()
                .contains("more than 100 bytes")
        );
        assert!(
            run(&["/no/such/program"], long)
                .unwrap_err()
                .message()
                .contains("cannot be started")
        );
        assert!(run(&[], long).is_err());
    }

    /// Returns true if a process exists and has not ended.
    fn is_running(id: &str) -> bool {
        let status = std::process::Command::new("ps")
            .args(["-o", "stat=", "-p", id])
            .output()
            .unwrap();
        let status = String::from_utf8(status.stdout).unwrap();
        !matches!(status.trim().chars().next(), None | Some('Z'))
    }

    #[test]
    fn timeout_also_ends_the_processes_that_a_command_started() {
        if std::fs::File::open("/dev/tty").is_ok() {
            return;
        }
        let folder = std::env::temp_dir().join(format!("inia-group-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("pid");
        let script = format!("sleep 30 & echo $! > {}; wait", file.display());
        let error = run(&["sh", "-c", &script], Duration::from_millis(500)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        let id = std::fs::read_to_string(&file).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        let started = std::time::Instant::now();
        while is_running(id.trim()) {
            assert!(started.elapsed() < Duration::from_secs(10), "{id}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[test]
    fn process_in_the_background_does_not_delay_the_output() {
        let started = std::time::Instant::now();
        let output = run(&["sh", "-c", "sleep 20 & echo hi"], Duration::from_secs(20));
        assert_eq!(output.unwrap().stdout, b"hi\n");
        assert!(started.elapsed() < Duration::from_secs(10));
    }
}
