//! The hot paths of a call and its preparation. Each is defined once: [`Measure`] either times them with criterion, or
//! repeats one of them for callgrind.
//!
//! ```text
//! cargo bench --bench paths                  times all paths
//! cargo bench --bench paths -- json/         times those with this in their name
//! cargo xtask bench paths                    counts the instructions of each
//! ```

mod client;
mod endpoint;
mod fixtures;
mod jmespath;
mod measure;
mod model;
mod protocol;
mod signing;
mod validate;
mod values;

use measure::Measure;

fn main() {
    let mut measure = Measure::from_args();
    model::paths(&mut measure);
    client::paths(&mut measure);
    protocol::paths(&mut measure);
    validate::paths(&mut measure);
    signing::paths(&mut measure);
    endpoint::paths(&mut measure);
    jmespath::paths(&mut measure);
    values::paths(&mut measure);
    measure.finish();
}
