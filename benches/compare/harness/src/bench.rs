//! [`Bench`]: runs cases and reports their cost.

use std::process::Command;
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use serde_json::{Value, json};
use stats_alloc::{INSTRUMENTED_SYSTEM, Stats};
use tokio::runtime::Runtime;

use crate::{Fixtures, Options, counts_allocations};

/// Number of calls over which allocations are counted.
const COUNTED_CALLS: u32 = 20;

/// Runs cases one after another on a single-threaded runtime.
#[derive(Debug)]
pub struct Bench {
    options: Options,
    fixtures: Fixtures,
    runtime: Runtime,
    counts: bool,
    rows: Vec<Value>,
}

impl Bench {
    /// Creates a bench with the command-line options.
    #[must_use]
    pub fn new(options: Options) -> Bench {
        Bench {
            fixtures: Fixtures::at(&options.fixtures),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime"),
            counts: counts_allocations(),
            rows: Vec::new(),
            options,
        }
    }

    /// Returns the options.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Returns the fixtures.
    #[must_use]
    pub fn fixtures(&self) -> &Fixtures {
        &self.fixtures
    }

    /// Returns the runtime for calls.
    #[must_use]
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Reports whether a case is selected.
    #[must_use]
    pub fn is_selected(&self, name: &str) -> bool {
        self.options.is_selected(name)
    }

    /// Measures a case: `call` is one whole call, and `input` its part that prepares the parameters (a clone).
    pub fn measure(&mut self, name: &str, call: impl AsyncFn(), input: impl Fn()) {
        if let Some(calls) = self.options.iters {
            self.repeat(calls, &call);
            return;
        }
        let row = if self.counts {
            self.count(name, &call, &input)
        } else {
            self.time(name, &call, &input)
        };
        self.rows.push(row);
    }

    /// Measures synchronous work that is not a call.
    pub fn measure_plain(&mut self, name: &str, work: impl Fn()) {
        self.measure(name, async || work(), || ());
    }

    /// Adds a row.
    pub fn row(&mut self, row: Value) {
        self.rows.push(row);
    }

    fn repeat(&self, calls: u64, call: &impl AsyncFn()) {
        self.runtime.block_on(async {
            for _ in 0..calls {
                call().await;
            }
        });
    }

    fn time(&self, name: &str, call: &impl AsyncFn(), input: &impl Fn()) -> Value {
        let batch = Duration::from_millis(self.options.batch_ms);
        // Warms up and determines the number of calls per batch.
        let start = Instant::now();
        let mut done = 0_u64;
        while start.elapsed() < 2 * batch || done < 5 {
            self.repeat(1, call);
            done += 1;
        }
        let one = start.elapsed().as_nanos() as u64 / done;
        let calls = (batch.as_nanos() as u64 / one.max(1)).max(3);
        let (mut cpu, mut wall) = (Vec::new(), Vec::new());
        for _ in 0..self.options.batches.max(1) {
            let (start, started) = (Instant::now(), ProcessTime::now());
            self.repeat(calls, call);
            cpu.push(started.elapsed().as_nanos() as f64 / calls as f64);
            wall.push(start.elapsed().as_nanos() as f64 / calls as f64);
        }
        let started = ProcessTime::now();
        for _ in 0..calls.max(COUNTED_CALLS.into()) {
            input();
        }
        let input_ns = started.elapsed().as_nanos() as f64 / calls.max(COUNTED_CALLS.into()) as f64;
        cpu.sort_by(f64::total_cmp);
        wall.sort_by(f64::total_cmp);
        let (low, high) = (cpu[0], cpu[cpu.len() - 1]);
        let (cpu, wall) = (cpu[cpu.len() / 2], wall[wall.len() / 2]);
        println!(
            "{name:40} CPU {cpu:>12.0} ns per call ({low:.0} to {high:.0}), wall {wall:>12.0} ns, input {input_ns:.0} ns"
        );
        json!({
            "case": name, "cpu_ns": cpu, "cpu_min": low, "cpu_max": high, "ns": wall, "input_ns": input_ns,
            "calls_a_batch": calls, "batches": self.options.batches,
        })
    }

    fn count(&self, name: &str, call: &impl AsyncFn(), input: &impl Fn()) -> Value {
        let calls = u64::from(COUNTED_CALLS);
        self.repeat(3, call);
        let (allocs, bytes) = per_call(|| self.repeat(calls, call));
        let (input_allocs, input_bytes) = per_call(|| (0..calls).for_each(|_| input()));
        json!({
            "case": name, "allocs": allocs, "bytes": bytes, "input_allocs": input_allocs, "input_bytes": input_bytes,
        })
    }

    /// Merges the rows of the counting program and writes all rows.
    pub fn finish(mut self) {
        if self.options.iters.is_some() {
            return;
        }
        if !self.counts {
            self.merge_counts();
        }
        if let Some(path) = &self.options.json {
            let text = serde_json::to_string_pretty(&self.rows).expect("rows are JSON");
            std::fs::write(path, text)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }

    /// Runs `<this program>-counted` from the same folder on the same cases.
    fn merge_counts(&mut self) {
        let program = std::env::current_exe().expect("the path of this program");
        let mut name = program
            .file_stem()
            .expect("the name of this program")
            .to_owned();
        name.push("-counted");
        let counting_program = program.with_file_name(name);
        if !counting_program.exists() {
            eprintln!(
                "{} is not built: allocations are not counted",
                counting_program.display()
            );
            return;
        }
        let rows = std::env::temp_dir().join(format!("inia-bench-{}.json", std::process::id()));
        let mut command = Command::new(&counting_program);
        command
            .arg("--fixtures")
            .arg(&self.options.fixtures)
            .arg("--json")
            .arg(&rows);
        if let Some(case) = &self.options.case {
            command.arg("--case").arg(case);
        }
        let status = command.status().expect("the counting program starts");
        assert!(status.success(), "{}: {status}", counting_program.display());
        let text = std::fs::read(&rows).expect("the rows of the counting program");
        let counted: Vec<Value> = serde_json::from_slice(&text).expect("rows are JSON");
        let _ = std::fs::remove_file(&rows);
        for row in &mut self.rows {
            let Some(counts) = counted.iter().find(|other| other["case"] == row["case"]) else {
                continue;
            };
            println!(
                "{:40} {:>8.1} allocations, {:>10.0} bytes (input {:.0}, {:.0})",
                counts["case"].as_str().unwrap_or_default(),
                counts["allocs"].as_f64().unwrap_or_default(),
                counts["bytes"].as_f64().unwrap_or_default(),
                counts["input_allocs"].as_f64().unwrap_or_default(),
                counts["input_bytes"].as_f64().unwrap_or_default(),
            );
            if let (Some(row), Some(counts)) = (row.as_object_mut(), counts.as_object()) {
                row.extend(counts.clone());
            }
        }
    }
}

/// Returns the allocations (including reallocations) and allocated bytes per call.
fn per_call(calls: impl FnOnce()) -> (f64, f64) {
    let before = INSTRUMENTED_SYSTEM.stats();
    calls();
    let Stats {
        allocations,
        reallocations,
        bytes_allocated,
        ..
    } = INSTRUMENTED_SYSTEM.stats() - before;
    let calls = f64::from(COUNTED_CALLS);
    (
        (allocations + reallocations) as f64 / calls,
        bytes_allocated as f64 / calls,
    )
}
