//! The inia command. All of it is in the library: what the program is linked from is compiled while what it depends on still is.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    inia_cli::main()
}
