//! The first call of every operation of every service.

use serde_json::{Value, json};

use crate::parameters::least;
use crate::process::{Cost, once};
use crate::session;

/// The operations that cost least in one run each: the least of all is looked for among these.
const CHEAPEST: usize = 50;

/// How many of both ends are run in turn to compare them.
const COMPARED: usize = 5;

/// More than anything costs.
const UNKNOWN: Cost = Cost {
    cpu_ms: f64::INFINITY,
    peak_kib: 0.0,
};

/// An operation, and what calling it has cost so far.
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

    fn again(&mut self) {
        let cost = self.run().unwrap_or_else(|error| {
            panic!(
                "{} {}, a second time: {error}",
                self.service, self.operation
            )
        });
        self.cost = self.cost.least(cost);
        self.runs += 1;
    }

    fn row(&self) -> Value {
        let mut row = self.cost.row();
        row["call"] = format!("{} {}", self.service, self.operation).into();
        row
    }
}

/// Calls every operation in a process of its own, and those that matter `runs` times.
///
/// One run each finds the median. What a call costs is the least of `runs` runs, so the one that costs most is looked for from the
/// top: whichever has the most so far is run again, until one stays there through `runs` runs. No other can cost more. Since the
/// machine may have been slower at one time than at another, those at both ends are then run in turn, and compared by that alone.
pub(crate) fn measure(runs: usize) -> Value {
    let mut calls = Vec::new();
    let mut refused = Vec::new();
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
                params: least(model, operation).to_string(),
                runs: 1,
                cost: UNKNOWN,
            };
            match call.run() {
                Ok(cost) => {
                    call.cost = cost;
                    calls.push(call);
                }
                Err(error) => refused.push(json!({"call": name, "error": error})),
            }
        }
    }
    assert!(!calls.is_empty(), "no operation was called: {refused:?}");
    calls.sort_by(|one, two| one.cost.cpu_ms.total_cmp(&two.cost.cpu_ms));
    let median = calls[calls.len() / 2].row();
    for call in calls.iter_mut().take(CHEAPEST) {
        while call.runs < runs {
            call.again();
        }
    }
    let cpu = |call: &Call| call.cost.cpu_ms;
    loop {
        let most = calls
            .iter_mut()
            .max_by(|one, two| cpu(one).total_cmp(&cpu(two)))
            .expect("calls");
        if most.runs >= runs {
            break;
        }
        most.again();
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
        ends.iter_mut().for_each(Call::again);
    }
    ends.sort_by(|one, two| cpu(one).total_cmp(&cpu(two)));
    json!({
        "measured": count,
        "event_streams": streams,
        "refused": refused,
        "least": ends[0].row(),
        "median": median,
        "most": ends[ends.len() - 1].row(),
    })
}
