//! S3 transfers of inia and its peers.
//!
//! ```text
//! transfer serve                          the server: discards uploads, makes objects and listings; prints its URL
//! transfer floor URL TASK FOLDER          a bare hyper client: no checksums, no signatures
//! transfer ours URL TASK FOLDER           inia's transfer manager
//! transfer run --json FILE [--s5cmd PROGRAM] [--rclone PROGRAM] [--aws PROGRAM] [--python PROGRAM] [--passes N] [--case SUBSTR]
//! ```

mod floor;
mod ours;
mod run;
mod server;

use std::process::ExitCode;

/// Size of the long object, in bytes.
const LONG: u64 = 1 << 30;

/// Number and size of the short objects.
const FILES: usize = 3000;
const FILE_SIZE: u64 = 16 * 1024;

/// Number of keys that are listed and deleted.
const KEYS: usize = 100_000;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["serve"] => server::serve(),
        ["floor", url, task, folder] => floor::run(url, task, folder),
        ["ours", url, task, folder] => ours::run(url, task, folder),
        ["run", options @ ..] => run::run(options),
        _ => Err("usage: transfer serve | floor URL TASK FOLDER | ours URL TASK FOLDER | run --json FILE".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// A result with any error.
type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;
