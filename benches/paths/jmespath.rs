//! JMESPath: compiling expressions, and searching a page of 1,000 EC2 instances in 500 reservations.
//!
//! `by hand` is the same query in Rust, which copies its results like a search: the lower bound.

use std::hint::black_box;

use inia::jmespath::Expression;
use inia::{List, Map, Value, json};

use crate::measure::Measure;

/// The state of each instance.
const STATES: &str = "Reservations[].Instances[].State.Name";

/// The running instances, two members of each.
const RUNNING: &str = "Reservations[].Instances[] | [?State.Name == 'running'].{id: InstanceId, ip: PrivateIpAddress}";

/// A complex expression.
const FILTERED: &str = "Reservations[].Instances[] | [?State.Name == 'running' && starts_with(InstanceType, 'm5')]\
    .{id: InstanceId, name: Tags[?Key=='Name'] | [0].Value}";

fn page() -> Value {
    let instance = |number: usize| {
        json!({
            "InstanceId": format!("i-{number:017x}"),
            "InstanceType": if number.is_multiple_of(3) { "m5.large" } else { "c5.xlarge" },
            "PrivateIpAddress": format!("10.0.{}.{}", number / 250, number % 250),
            "State": {"Code": 16, "Name": if number.is_multiple_of(4) { "stopped" } else { "running" }},
            "Tags": [
                {"Key": "Name", "Value": format!("worker number {number} of the river team")},
                {"Key": "cost", "Value": "1234"},
            ],
        })
    };
    let reservations = (0..500).map(|number| {
        json!({
            "ReservationId": format!("r-{number:017x}"),
            "Instances": [instance(number * 2), instance(number * 2 + 1)],
        })
    });
    json!({"Reservations": reservations.collect::<Value>(), "NextToken": "a token of some length, as they tend to be"})
}

fn instances(page: &Value) -> impl Iterator<Item = &Value> {
    let reservations = page["Reservations"].items();
    reservations.flat_map(|reservation| reservation["Instances"].items())
}

fn states_by_hand(page: &Value) -> Value {
    let states = instances(page).map(|instance| instance["State"]["Name"].clone());
    Value::List(states.collect::<List>())
}

fn running_by_hand(page: &Value) -> Value {
    let running = instances(page).filter(|instance| instance["State"]["Name"] == "running");
    let selected = running.map(|instance| {
        let mut map = Map::new();
        map.insert("id", instance["InstanceId"].clone());
        map.insert("ip", instance["PrivateIpAddress"].clone());
        Value::Map(map)
    });
    Value::List(selected.collect::<List>())
}

fn expression(text: &str) -> Expression {
    Expression::compile(text).expect("the expression compiles")
}

/// Measures the paths of this group.
pub fn paths(measure: &mut Measure) {
    for (title, text) in [
        ("token", "NextToken"),
        ("states", STATES),
        ("filter", FILTERED),
    ] {
        let path = measure.path(format!("jmespath/compile {title}"));
        path.work(|| || Expression::compile(black_box(text)));
    }
    measure.path("jmespath/search token").work(|| {
        let (token, page) = (expression("NextToken"), page());
        move || token.search(&page).map(|result| result.is_null())
    });
    measure.path("jmespath/search_ref token").work(|| {
        let (token, page) = (expression("NextToken"), page());
        move || token.search_ref(&page).is_some()
    });
    measure.path("jmespath/token by hand").baseline().work(|| {
        let page = page();
        move || black_box(&page)["NextToken"].is_null()
    });
    for (title, text, by_hand) in [
        ("1000 states", STATES, states_by_hand as fn(&Value) -> Value),
        ("750 running", RUNNING, running_by_hand),
    ] {
        let path = measure.path(format!("jmespath/search {title}"));
        path.repeats(5).work(|| {
            let (expression, page) = (expression(text), page());
            let result = expression.search(&page).expect("the search succeeds");
            assert_eq!(result.into_owned(), by_hand(&page));
            move || {
                expression
                    .search(&page)
                    .expect("the search succeeds")
                    .is_null()
            }
        });
        let baseline = measure.path(format!("jmespath/{title} by hand")).baseline();
        baseline.work(|| {
            let page = page();
            move || by_hand(&page)
        });
    }
}
