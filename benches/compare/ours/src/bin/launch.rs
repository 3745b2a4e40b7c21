//! Measures CPU time and peak memory of a command: `launch [--runs N] [--stub FIXTURES] COMMAND ...`.
//!
//! With `--stub`, the environment has only region, credentials and the endpoint of a loopback server that serves the
//! fixtures. The output of the command is discarded. Prints one line of JSON.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use ours::Stub;
use serde_json::json;
use wait4::Wait4;

fn main() {
    let mut args = std::env::args().skip(1).peekable();
    let (mut runs, mut fixtures) = (1_usize, None);
    while let Some(option) = args.next_if(|option| option.starts_with("--")) {
        let value = args.next().expect("a value");
        match option.as_str() {
            "--runs" => runs = value.parse().expect("a number"),
            "--stub" => fixtures = Some(PathBuf::from(value)),
            other => panic!("unknown option {other}"),
        }
    }
    let program = args.next().expect("a command");
    let args: Vec<String> = args.collect();
    let stub = fixtures.as_deref().map(Stub::start);
    let (mut cpu, mut wall, mut peak) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs.max(1) {
        let mut command = Command::new(&program);
        command.args(&args).stdout(Stdio::null());
        if let Some(stub) = &stub {
            let home = std::env::var_os("HOME").unwrap_or_default();
            command
                .env_clear()
                .env("HOME", home)
                .env(
                    "AWS_ENDPOINT_URL",
                    format!("http://127.0.0.1:{}", stub.port),
                )
                .env("AWS_REGION", "us-east-1")
                .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE00000000")
                .env(
                    "AWS_SECRET_ACCESS_KEY",
                    "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                );
        }
        let started = Instant::now();
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        let used = child.wait4().expect("the command exits");
        assert!(used.status.success(), "{program}: {}", used.status);
        wall.push(started.elapsed().as_secs_f64());
        cpu.push((used.rusage.utime + used.rusage.stime).as_secs_f64());
        peak.push(used.rusage.maxrss);
    }
    cpu.sort_by(f64::total_cmp);
    wall.sort_by(f64::total_cmp);
    peak.sort_unstable();
    println!(
        "{}",
        json!({
            "runs": runs,
            "cpu_s": cpu[cpu.len() / 2],
            "cpu_min_s": cpu[0],
            "wall_s": wall[wall.len() / 2],
            "peak_bytes": peak[peak.len() / 2],
        })
    );
}
