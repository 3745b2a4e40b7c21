//! [`Stub`]: the server for the fixtures, as a child process.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A running server, stopped on drop.
#[derive(Debug)]
pub struct Stub {
    child: Child,
    /// Port on loopback.
    pub port: u16,
}

impl Stub {
    /// Starts the program `stub` from the folder of this program.
    #[must_use]
    pub fn start(fixtures: &Path) -> Stub {
        let program = std::env::current_exe().expect("the path of this program");
        let mut child = Command::new(program.with_file_name("stub"))
            .arg(fixtures)
            .stdout(Stdio::piped())
            .spawn()
            .expect("cannot start `stub`, which must be built first");
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
