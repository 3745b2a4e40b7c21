//! Times inia's calls; see `--help`.

#![forbid(unsafe_code)]

fn main() {
    ours::run();
}
