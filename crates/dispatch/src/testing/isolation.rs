//! A host and a session without environment and files, so that a test does not depend on the machine it runs on.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use inia_core::Credentials;
use inia_core::config::ConfigFiles;
use inia_core::ports::{Env, Files, Host};

use crate::{Session, SessionBuilder, host};

/// Returns the builder of a session with test credentials and the region `us-east-1`, without environment and files.
pub(super) fn isolated_session() -> SessionBuilder {
    Session::builder()
        .host(isolated_host())
        .config_files(ConfigFiles::default())
        .region("us-east-1")
        .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
}

/// Returns the ports of this process, without its environment and files.
fn isolated_host() -> Host {
    Host {
        env: Arc::new(EmptyEnv),
        files: Arc::new(NoFiles),
        ..host::system_host()
    }
}

#[derive(Debug)]
struct EmptyEnv;

impl Env for EmptyEnv {
    fn var(&self, _: &str) -> Option<String> {
        None
    }

    fn home(&self) -> Option<PathBuf> {
        None
    }
}

#[derive(Debug)]
struct NoFiles;

fn no_files() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "test sessions have no files")
}

impl Files for NoFiles {
    fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
        Err(no_files())
    }

    fn write_private(&self, _: &Path, _: &[u8]) -> io::Result<()> {
        Err(no_files())
    }

    fn remove(&self, _: &Path) -> io::Result<()> {
        Err(no_files())
    }

    fn list(&self, _: &Path) -> Vec<PathBuf> {
        Vec::new()
    }
}
