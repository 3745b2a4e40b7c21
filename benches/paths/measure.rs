//! [`Measure`]: times or counts each path.
//!
//! By default, criterion times the paths. `--names` prints each counted path with its number of repetitions. `--count
//! PATH --inputs N --iters K` prepares N inputs and repeats the path K times: the difference between two runs with
//! different K is only the path's instructions.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput};

/// Default number of repetitions of a path when counting.
const REPEATS: usize = 50;

/// Paths with at most this many repetitions are timed with fewer samples.
const LONG: usize = 5;

/// Number of samples of such a path.
const LONG_SAMPLES: usize = 20;

/// The mode of measurement.
pub struct Measure(Mode);

enum Mode {
    Time(Box<Criterion>),
    Names,
    Count(Count),
}

#[derive(Default)]
struct Count {
    path: String,
    inputs: usize,
    iters: usize,
}

impl Measure {
    /// Parses the command line.
    pub fn from_args() -> Measure {
        let args: Vec<String> = std::env::args().skip(1).collect();
        let value = |option: &str| {
            let at = args.iter().position(|arg| arg == option)?;
            args.get(at + 1)
        };
        let number = |option| {
            let text = value(option).unwrap_or_else(|| panic!("{option} is missing"));
            text.parse().expect("a number")
        };
        Measure(match value("--count") {
            Some(path) => Mode::Count(Count {
                path: path.clone(),
                inputs: number("--inputs"),
                iters: number("--iters"),
            }),
            None if args.iter().any(|arg| arg == "--names") => Mode::Names,
            None => Mode::Time(Box::new(Criterion::default().configure_from_args())),
        })
    }

    /// Starts a path named `group/title`.
    pub fn path(&mut self, name: impl Into<String>) -> Path<'_> {
        Path {
            measure: self,
            name: name.into(),
            bytes: None,
            repeats: REPEATS,
            is_rival: false,
        }
    }

    /// Prints the summary.
    pub fn finish(self) {
        if let Mode::Time(criterion) = self.0 {
            criterion.final_summary();
        }
    }
}

/// A path to be measured.
pub struct Path<'m> {
    measure: &'m mut Measure,
    name: String,
    bytes: Option<usize>,
    repeats: usize,
    is_rival: bool,
}

impl Path<'_> {
    /// Sets the number of bytes that the path reads or writes.
    pub fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = Some(bytes);
        self
    }

    /// Sets the number of repetitions when counting; fewer for slow paths.
    pub fn repeats(mut self, repeats: usize) -> Self {
        self.repeats = repeats;
        self
    }

    /// Marks a baseline of another implementation: timed, but not counted.
    pub fn baseline(mut self) -> Self {
        self.is_rival = true;
        self
    }

    /// Measures repeatable work. `prepare` creates it if the path is selected.
    pub fn work<T, W: FnMut() -> T>(self, prepare: impl FnOnce() -> W) {
        self.measure(prepare, |work, mode| match mode {
            Timed(bencher) => bencher.iter(work),
            Counted(count) => (0..count.iters).for_each(|_| drop(black_box(work()))),
        });
    }

    /// Measures work that consumes its input. `prepare` creates a function for inputs and the work. Creating inputs and
    /// dropping results is not measured.
    pub fn fresh<I, T, F: FnMut() -> I, W: FnMut(I) -> T>(self, prepare: impl FnOnce() -> (F, W)) {
        self.measure(prepare, |(input, work), mode| match mode {
            Timed(bencher) => bencher.iter_batched(input, work, BatchSize::LargeInput),
            Counted(count) => {
                let mut inputs: Vec<I> = (0..count.inputs).map(|_| input()).collect();
                let unused = inputs.split_off(count.iters);
                for input in inputs {
                    std::mem::forget(black_box(work(black_box(input))));
                }
                std::mem::forget(unused);
            }
        });
    }

    fn measure<W>(self, prepare: impl FnOnce() -> W, mut run: impl FnMut(&mut W, Run<'_, '_>)) {
        match &mut self.measure.0 {
            Mode::Time(criterion) => {
                let (group, title) = self.name.split_once('/').expect("a group");
                let mut group = criterion.benchmark_group(group);
                if let Some(bytes) = self.bytes {
                    group.throughput(Throughput::Bytes(bytes as u64));
                }
                if self.repeats <= LONG {
                    group.sample_size(LONG_SAMPLES);
                }
                // criterion calls this several times.
                let (mut prepare, mut work) = (Some(prepare), None);
                group.bench_function(title, |bencher| {
                    let work = work.get_or_insert_with(|| {
                        let prepare = prepare.take();
                        prepare.expect("prepared once")()
                    });
                    run(work, Timed(bencher));
                });
                group.finish();
            }
            Mode::Names if !self.is_rival => println!("{} {}", self.repeats, self.name),
            Mode::Count(count) if count.path == self.name => run(&mut prepare(), Counted(count)),
            Mode::Names | Mode::Count(_) => {}
        }
    }
}

enum Run<'b, 'm> {
    Timed(&'b mut criterion::Bencher<'m>),
    Counted(&'b Count),
}

use Run::{Counted, Timed};
