//! The inia command.
fn main() {}
