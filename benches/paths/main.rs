//! The hot paths of a call and of what stands before it, each defined once: [`Measure`] times them by criterion, or repeats one of them
//! so often as it is told, for callgrind to count.
//!
//! ```text
//! cargo bench --bench paths                  all of them, timed
//! cargo bench --bench paths -- json/         those with this in their name
//! cargo xtask bench paths                    the instructions of each
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
