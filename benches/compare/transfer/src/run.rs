//! Runs every task with every program, and writes wall time, CPU time and peak memory as JSON.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};
use wait4::Wait4 as _;

use crate::{FILE_SIZE, FILES, LONG, Result};

/// Tasks that all programs have.
const TASKS: [&str; 7] = ["up", "down", "cat", "up-many", "down-many", "list", "delete"];

/// Tasks of inia alone, for their memory.
const OURS_ONLY: [&str; 5] = ["up-huge", "down-huge", "list-many", "sync-many", "delete-many"];

/// The program of boto3: `TASK` is replaced.
const BOTO3: &str = r#"
import os, sys, concurrent.futures
import boto3
from boto3.s3.transfer import TransferConfig
task, url, folder, crt = sys.argv[1:]
s3 = boto3.client('s3', region_name='us-east-1', endpoint_url=url, aws_access_key_id='AKIDEXAMPLE', aws_secret_access_key='secret')
config = TransferConfig(preferred_transfer_client=crt)
names = ['%09d' % number for number in range(3000)]
if task == 'up':
    s3.upload_file(folder + '/long', 'bench', 'long', Config=config)
elif task == 'down':
    s3.download_file('bench', 'long', folder + '/down', Config=config)
elif task == 'cat':
    s3.download_fileobj('bench', 'long', sys.stdout.buffer, Config=config)
elif task in ('up-many', 'down-many'):
    def one(name):
        if task == 'up-many':
            s3.upload_file(folder + '/files/' + name, 'bench', 'files/' + name, Config=config)
        else:
            s3.download_file('bench', 'files/' + name, folder + '/out/' + name, Config=config)
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        list(pool.map(one, names))
else:
    for page in s3.get_paginator('list_objects_v2').paginate(Bucket='bench', Prefix='keys/'):
        if task == 'delete':
            keys = [{'Key': item['Key']} for item in page['Contents']]
            s3.delete_objects(Bucket='bench', Delete={'Objects': keys, 'Quiet': True})
"#;

pub(crate) fn run(options: &[&str]) -> Result<()> {
    let option = |name: &str| {
        let mut pairs = options.chunks(2);
        pairs.find(|pair| pair[0] == name).and_then(|pair| pair.get(1).copied())
    };
    let json_file = option("--json").ok_or("missing --json FILE")?;
    let passes: usize = option("--passes").unwrap_or("3").parse()?;
    let folder = std::env::temp_dir().join(format!("inia-transfer-bench-{}", std::process::id()));
    make_files(&folder)?;
    let mut server = Command::new(std::env::current_exe()?).arg("serve").stdout(Stdio::piped()).spawn()?;
    let mut url = String::new();
    BufReader::new(server.stdout.take().ok_or("no output")?).read_line(&mut url)?;
    let result = rows(options, url.trim(), &folder, passes);
    // The server ends only when it is killed.
    server.kill()?;
    server.wait()?;
    std::fs::remove_dir_all(&folder)?;
    std::fs::write(json_file, serde_json::to_vec_pretty(&result?)?)?;
    Ok(())
}

fn make_files(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder.join("files"))?;
    std::fs::create_dir_all(folder.join("out"))?;
    // In chunks: the peak memory of this process would count as that of its children.
    let mut long = std::fs::File::create(folder.join("long"))?;
    for _ in 0..LONG >> 20 {
        long.write_all(&[7; 1 << 20])?;
    }
    std::fs::File::create(folder.join("huge"))?.set_len(5 << 30)?;
    for number in 0..FILES {
        std::fs::write(folder.join(format!("files/{number:09}")), vec![7u8; FILE_SIZE as usize])?;
    }
    Ok(())
}

fn rows(options: &[&str], url: &str, folder: &Path, passes: usize) -> Result<Value> {
    let option = |name: &str| {
        let mut pairs = options.chunks(2);
        pairs.find(|pair| pair[0] == name).and_then(|pair| pair.get(1).copied())
    };
    let case = option("--case").unwrap_or_default();
    let this = std::env::current_exe()?;
    let mut rows = Vec::new();
    let tools: Vec<(&str, Option<&str>)> = vec![
        ("floor", Some("")),
        ("inia", Some("")),
        ("s5cmd", option("--s5cmd")),
        ("rclone", option("--rclone")),
        ("boto3 + awscrt", option("--python")),
        ("boto3", option("--python")),
        ("AWS CLI", option("--aws")),
    ];
    for task in TASKS.iter().chain(&OURS_ONLY).copied().filter(|task| task.contains(case)) {
        for (tool, program) in &tools {
            let Some(program) = program else { continue };
            if OURS_ONLY.contains(&task) && *tool != "inia" {
                continue;
            }
            let Some(make) = command(tool, program, task, url, folder, &this) else { continue };
            let mut best: Option<(f64, f64, f64)> = None;
            for _ in 0..passes {
                let _ = std::fs::remove_file(folder.join("down"));
                let measured = match measure(make()) {
                    Ok(measured) => measured,
                    Err(error) => {
                        eprintln!("{task} {tool}: {error}");
                        break;
                    }
                };
                if best.is_none_or(|best| measured.0 < best.0) {
                    best = Some(measured);
                }
            }
            let Some((wall, cpu, memory)) = best else { continue };
            eprintln!("{task:10} {tool:15} {wall:.2} s {cpu:.2} s {memory:.0} MiB");
            rows.push(json!({"task": task, "tool": tool, "wall": wall, "cpu": cpu, "memory": memory}));
        }
    }
    Ok(Value::Array(rows))
}

type MakeCommand = Box<dyn Fn() -> Command>;

/// Returns the command of a task; `None` if the tool does not have it.
fn command(tool: &str, program: &str, task: &str, url: &str, folder: &Path, this: &Path) -> Option<MakeCommand> {
    let path = |name: &str| folder.join(name).display().to_string();
    let text = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>();
    let (program, args): (PathBuf, Vec<String>) = match tool {
        "floor" | "inia" => {
            let kind = if tool == "floor" { "floor" } else { "ours" };
            (this.to_owned(), text(&[kind, url, task, &folder.display().to_string()]))
        }
        "s5cmd" => {
            let mut args = text(&["--endpoint-url", url, "--log", "error"]);
            args.extend(match task {
                "up" => text(&["cp", &path("long"), "s3://bench/long"]),
                "down" => text(&["cp", "s3://bench/long", &path("down")]),
                "cat" => text(&["cat", "s3://bench/long"]),
                "up-many" => text(&["cp", &format!("{}/", path("files")), "s3://bench/files/"]),
                "down-many" => text(&["cp", "s3://bench/files/*", &format!("{}/", path("out"))]),
                "list" => text(&["ls", "s3://bench/keys/*"]),
                _ => text(&["rm", "s3://bench/keys/*"]),
            });
            (program.into(), args)
        }
        "rclone" => {
            let remote = |key: &str| format!(":s3,provider=Other,env_auth=true,endpoint='{url}':bench/{key}");
            let args = match task {
                "up" => text(&["copyto", &path("long"), &remote("long"), "--ignore-times", "--s3-no-check-bucket"]),
                "down" => text(&["copyto", &remote("long"), &path("down"), "--ignore-times", "--ignore-checksum"]),
                "cat" => text(&["cat", &remote("long")]),
                "up-many" => text(&["copy", &path("files"), &remote("files"), "--ignore-times", "--s3-no-check-bucket"]),
                "down-many" => text(&["copy", &remote("files"), &path("out"), "--ignore-times", "--ignore-checksum"]),
                "list" => text(&["lsf", &remote("keys")]),
                _ => text(&["delete", &remote("keys")]),
            };
            (program.into(), args)
        }
        "boto3" | "boto3 + awscrt" => {
            if tool != "boto3" && ["cat", "list", "delete"].contains(&task) {
                return None;
            }
            let client = if tool == "boto3" { "classic" } else { "crt" };
            (program.into(), text(&["-c", BOTO3, task, url, &folder.display().to_string(), client]))
        }
        _ => {
            let mut args = text(&["--endpoint-url", url, "s3"]);
            args.extend(match task {
                "up" => text(&["cp", "--quiet", &path("long"), "s3://bench/long"]),
                "down" => text(&["cp", "--quiet", "s3://bench/long", &path("down")]),
                "cat" => text(&["cp", "s3://bench/long", "-"]),
                "up-many" => text(&["cp", "--quiet", "--recursive", &path("files"), "s3://bench/files"]),
                "down-many" => text(&["cp", "--quiet", "--recursive", "s3://bench/files/", &path("out")]),
                "list" => text(&["ls", "--recursive", "s3://bench/keys/"]),
                _ => text(&["rm", "--quiet", "--recursive", "s3://bench/keys/"]),
            });
            (program.into(), args)
        }
    };
    Some(Box::new(move || {
        let mut command = Command::new(&program);
        command.args(&args).env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "secret");
        command.env("AWS_REGION", "us-east-1").env("AWS_DEFAULT_REGION", "us-east-1").env("AWS_EC2_METADATA_DISABLED", "true");
        command
    }))
}

/// Runs a command. Returns its wall time and CPU time in seconds, and its peak memory in MiB.
fn measure(mut command: Command) -> Result<(f64, f64, f64)> {
    let started = Instant::now();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).stdin(Stdio::null()).spawn()?;
    let mut out = child.stdout.take().ok_or("no output")?;
    let drain = std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
    let used = child.wait4()?;
    let wall = started.elapsed().as_secs_f64();
    drain.join().map_err(|_| "the output cannot be read")??;
    if !used.status.success() {
        return Err(format!("{command:?}: {}", used.status).into());
    }
    let cpu = (used.rusage.utime + used.rusage.stime).as_secs_f64();
    let memory = used.rusage.maxrss as f64 / f64::from(1 << 20);
    Ok((wall, cpu, memory))
}
