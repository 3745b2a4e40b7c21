//! The `inia` command. All code is in the library target, so that it compiles in parallel with the crates it depends
//! on.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    inia_cli::main()
}
