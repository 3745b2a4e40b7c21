//! The first call of each operation of each service.

use serde_json::{Value, json};

use crate::parameters::minimal;
use crate::process::{Cost, once};
use crate::session;

/// Number of cheapest operations in the first run that are measured repeat to find the minimum.
const CHEAPEST: usize = 50;

/// Number of operations at each end that are compared in interleaved runs.
const COMPARED: usize = 5;

/// Initial cost, larger than any measured one.
const UNKNOWN: Cost = Cost {
    cpu_ms: f64::INFINITY,
    peak_kib: 0.0,
};

/// An operation and the cost of calling it so far.
#[derive(Debug)]
struct Call {
    service: String,
    operation: String,
    params: String,
    runs: usize,
    cost: Cost,
}

impl Call {
    fn run(&self) -> Result<Cost, String> {
        once(
            &["call", &self.service, &self.operation, &self.params],
            None,
        )
    }

    fn repeat(&mut self) {
        let cost = self.run().unwrap_or_else(|error| {
            panic!(
                "{} {} failed when repeated: {error}",
                self.service, self.operation
            )
        });
        self.cost = self.cost.min(cost);
        self.runs += 1;
    }

    fn row(&self) -> Value {
        let mut row = self.cost.row();
        row["call"] = format!("{} {}", self.service, self.operation).into();
        row
    }
}

/// Calls each operation in a separate process, and the cheapest and most expensive ones `runs` times.
///
/// The median is of one run each. The cost of a call is the minimum of `runs` runs, so the maximum is found from the
/// top: the currently most expensive call is repeated until it has `runs` runs; no other call can be more expensive. As
/// the speed of the machine may vary over time, calls at both ends are then measured in interleaved runs, and only
/// these count.
pub(crate) fn measure(runs: usize) -> Value {
    let mut calls = Vec::new();
    let mut failed = Vec::new();
    let mut streams = Vec::new();
    let session = session();
    for service in session.available_services() {
        let client = session.client(&service).expect("a client");
        let model = client.model();
        for operation in model.operations() {
            let name = format!("{service} {}", operation.name);
            if model.event_stream_input(operation).is_some() {
                streams.push(name);
                continue;
            }
            let mut call = Call {
                service: service.to_string(),
                operation: operation.name.to_string(),
                params: minimal(model, operation).to_string(),
                runs: 1,
                cost: UNKNOWN,
            };
            match call.run() {
                Ok(cost) => {
                    call.cost = cost;
                    calls.push(call);
                }
                Err(error) => failed.push(json!({"call": name, "error": error})),
            }
        }
    }
    assert!(!calls.is_empty(), "no operation was called: {failed:?}");
    calls.sort_by(|one, two| one.cost.cpu_ms.total_cmp(&two.cost.cpu_ms));
    let median = calls[calls.len() / 2].row();
    for call in calls.iter_mut().take(CHEAPEST) {
        while call.runs < runs {
            call.repeat();
        }
    }
    let cpu = |call: &Call| call.cost.cpu_ms;
    loop {
        let most_expensive = calls
            .iter_mut()
            .max_by(|one, two| cpu(one).total_cmp(&cpu(two)))
            .expect("calls");
        if most_expensive.runs >= runs {
            break;
        }
        most_expensive.repeat();
    }
    let count = calls.len();
    calls.sort_by(|one, two| cpu(one).total_cmp(&cpu(two)));
    let mut ends = calls.split_off(count.saturating_sub(COMPARED));
    calls.truncate(COMPARED);
    ends.append(&mut calls);
    for call in &mut ends {
        call.cost = UNKNOWN;
    }
    for _ in 0..runs {
        ends.iter_mut().for_each(Call::repeat);
    }
    ends.sort_by(|one, two| cpu(one).total_cmp(&cpu(two)));
    json!({
        "measured": count,
        "event_streams": streams,
        "refused": failed,
        "min": ends[0].row(),
        "median": median,
        "max": ends[ends.len() - 1].row(),
    })
}
