//! [`Options`]: what a program of the comparison is asked to do.

use std::path::PathBuf;
use std::process::exit;

/// The command line of every peer.
#[derive(Clone, Debug)]
pub struct Options {
    /// Only cases with this in their name.
    pub case: Option<String>,
    /// How many batches are timed; the median counts.
    pub batches: usize,
    /// How long a batch takes, in milliseconds.
    pub batch_ms: u64,
    /// Exactly this many calls of the case that `case` names in full, and no timing: for instruction counts.
    pub iters: Option<u64>,
    /// A file for the rows.
    pub json: Option<PathBuf>,
    /// A folder for the first request of each case.
    pub dump: Option<PathBuf>,
    /// The folder with the fixtures.
    pub fixtures: PathBuf,
    /// Measure what a page of results holds in memory, instead of time.
    pub memory: bool,
}

const USAGE: &str = "\
  --case SUBSTR     only cases with this in their name
  --batches N       how many batches are timed (9)
  --batch-ms MS     how long a batch takes (150)
  --iters N         exactly N calls of the case that --case names, untimed: for callgrind
  --json FILE       where the rows go
  --dump DIR        where the first request of each case goes
  --fixtures DIR    the fixtures (BENCH_FIXTURES, or target/bench/fixtures)
  --memory          measure what a page of results holds in memory
";

impl Options {
    /// Reads the command line; explains itself and exits where it cannot.
    #[must_use]
    pub fn from_args() -> Options {
        let fixtures = std::env::var_os("BENCH_FIXTURES")
            .map_or_else(|| PathBuf::from("target/bench/fixtures"), PathBuf::from);
        let mut options = Options {
            case: None,
            batches: 9,
            batch_ms: 150,
            iters: None,
            json: None,
            dump: None,
            fixtures,
            memory: false,
        };
        let mut args = std::env::args().skip(1);
        while let Some(option) = args.next() {
            if option == "--memory" {
                options.memory = true;
                continue;
            }
            let Some(value) = args.next() else {
                usage(&format!("{option} needs a value"));
            };
            match option.as_str() {
                "--case" => options.case = Some(value),
                "--batches" => options.batches = number(&option, &value),
                "--batch-ms" => options.batch_ms = number(&option, &value),
                "--iters" => options.iters = Some(number(&option, &value)),
                "--json" => options.json = Some(value.into()),
                "--dump" => options.dump = Some(value.into()),
                "--fixtures" => options.fixtures = value.into(),
                _ => usage(&format!("unknown option {option}")),
            }
        }
        options
    }

    /// Whether a case is to run.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        match &self.case {
            None => true,
            Some(wanted) if self.iters.is_some() => wanted == name,
            Some(part) => name.contains(part.as_str()),
        }
    }
}

fn number<T: std::str::FromStr>(option: &str, value: &str) -> T {
    match value.parse() {
        Ok(number) => number,
        Err(_) => usage(&format!("{option} {value}: not a number")),
    }
}

fn usage(problem: &str) -> ! {
    eprint!("{problem}\n{USAGE}");
    exit(2)
}
