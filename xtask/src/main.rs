//! Tasks of the inia workspace.
fn main() {}
