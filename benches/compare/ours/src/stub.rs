//! [`Stub`]: the server that answers the fixtures, as a process of its own.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A running server; it ends when this is dropped.
#[derive(Debug)]
pub struct Stub {
    child: Child,
    /// The port on loopback.
    pub port: u16,
}

impl Stub {
    /// Starts `stub`, which stands beside this program.
    #[must_use]
    pub fn start(fixtures: &Path) -> Stub {
        let program = std::env::current_exe().expect("this program has a path");
        let mut child = Command::new(program.with_file_name("stub"))
            .arg(fixtures)
            .stdout(Stdio::piped())
            .spawn()
            .expect("`stub` starts: it is built beside this program");
        let output = child.stdout.take().expect("its output");
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).expect("a line");
        Stub {
            child,
            port: line.trim().parse().expect("its port"),
        }
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
