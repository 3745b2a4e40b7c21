//! [`Options`]: the command line of the comparison programs.

use std::path::PathBuf;
use std::process::exit;

/// Command-line options of all peers.
#[derive(Clone, Debug)]
pub struct Options {
    /// Runs only cases with this in their name.
    pub case: Option<String>,
    /// Number of timed batches; the median is reported.
    pub batches: usize,
    /// Duration of a batch in milliseconds.
    pub batch_ms: u64,
    /// Makes exactly this many untimed calls of the case named by `case`, for instruction counts.
    pub iters: Option<u64>,
    /// File for the rows.
    pub json: Option<PathBuf>,
    /// Folder for the first request of each case.
    pub dump: Option<PathBuf>,
    /// Folder with the fixtures.
    pub fixtures: PathBuf,
    /// Measures the memory of a page of results instead of time.
    pub memory: bool,
}

const USAGE: &str = "\
  --case SUBSTR     only cases with this in their name
  --batches N       number of timed batches (9)
  --batch-ms MS     duration of a batch (150)
  --iters N         exactly N calls of the case that --case names, untimed: for callgrind
  --json FILE       file for the rows
  --dump DIR        folder for the first request of each case
  --fixtures DIR    the fixtures (BENCH_FIXTURES, or target/bench/fixtures)
  --memory          measure the memory of a page of results
";

impl Options {
    /// Parses the command line; prints the usage and exits if it is invalid.
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
                usage(&format!("{option} requires a value"));
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

    /// Reports whether a case is selected.
    #[must_use]
    pub fn is_selected(&self, name: &str) -> bool {
        match &self.case {
            None => true,
            Some(selected) if self.iters.is_some() => selected == name,
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
