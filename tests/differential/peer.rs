//! The Python peer process with botocore: `peer.py`.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use inia_core::Value;

use super::tagged;

/// A running peer. Jobs are pipelined and answered in order.
pub struct Peer {
    process: Child,
    jobs: Option<Sender<Vec<u8>>>,
    results: Receiver<Vec<u8>>,
}

impl Peer {
    /// Starts a peer with the Python of the peers' environment.
    pub fn start(peers: &Path, workspace: &Path) -> Result<Peer, String> {
        let (folder, program) = if cfg!(windows) {
            ("Scripts", "python.exe")
        } else {
            ("bin", "python")
        };
        let python = peers.join("venv").join(folder).join(program);
        let script = workspace.join("tests").join("differential").join("peer.py");
        let mut command = Command::new(&python);
        // The peer does not see the machine's config files, environment or time zone.
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_"))
        {
            command.env_remove(name);
        }
        let nowhere = workspace.join("target").join("no-such-home");
        let mut process = command
            .arg(&script)
            .env("HOME", &nowhere)
            .env("USERPROFILE", &nowhere)
            .env("TZ", "UTC")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONHASHSEED", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", python.display()))?;
        let (Some(stdin), Some(stdout)) = (process.stdin.take(), process.stdout.take()) else {
            return Err("cannot open the pipes of the peer".into());
        };
        let (jobs, to_write) = channel::<Vec<u8>>();
        let (to_read, results) = channel();
        thread::spawn(move || {
            let mut stdin = BufWriter::new(stdin);
            for job in to_write {
                // An error is detected when the result is missing.
                if stdin
                    .write_all(&job)
                    .and_then(|()| stdin.write_all(b"\n"))
                    .and_then(|()| stdin.flush())
                    .is_err()
                {
                    break;
                }
            }
        });
        thread::spawn(move || {
            for line in BufReader::new(stdout).split(b'\n') {
                if line.map_or(true, |line| to_read.send(line).is_err()) {
                    break;
                }
            }
        });
        Ok(Peer {
            process,
            jobs: Some(jobs),
            results,
        })
    }

    /// Sends a job.
    pub fn send(&self, job: Vec<u8>) {
        if let Some(jobs) = &self.jobs {
            // As above.
            let _ = jobs.send(job);
        }
    }

    /// Waits for the result of the oldest pending job.
    pub fn receive(&self) -> Result<Value, String> {
        let line = self
            .results
            .recv()
            .map_err(|_| "the peer has exited; see its output above".to_owned())?;
        tagged::read(line)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // The peer exits at the end of its input.
        self.jobs = None;
        let _ = self.process.wait();
    }
}
