//! JMESPath: compiling expressions, and searching a page of 1,000 EC2 instances in 500 reservations.
//!
//! `by hand` is the same question in Rust, copying what it finds as a search does: the floor.
//!
//! Run with `cargo bench --bench jmespath`.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use inia_core::{List, Map, Value, json};
use inia_model::jmespath::Expression;

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

fn compile(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compile");
    for text in [
        "NextToken",
        "Reservations[].Instances[].State.Name",
        "Reservations[].Instances[] | [?State.Name == 'running' && starts_with(InstanceType, 'm5')].{id: InstanceId, name: Tags[?Key=='Name'] | [0].Value}",
    ] {
        group.bench_function(text, |bench| {
            bench.iter(|| Expression::compile(black_box(text)))
        });
    }
    group.finish();
}

fn search(criterion: &mut Criterion) {
    let page = page();
    let expression = |text: &str| Expression::compile(text).expect("the expression compiles");

    let mut group = criterion.benchmark_group("token");
    let token = expression("NextToken");
    group.bench_function("search", |bench| {
        bench.iter(|| token.search(black_box(&page)).map(|found| found.is_null()))
    });
    group.bench_function("search_ref", |bench| {
        bench.iter(|| token.search_ref(black_box(&page)).is_some())
    });
    group.bench_function("by hand", |bench| {
        bench.iter(|| black_box(&page)["NextToken"].is_null())
    });
    group.finish();

    let mut group = criterion.benchmark_group("1000 states");
    let states = expression("Reservations[].Instances[].State.Name");
    assert_eq!(
        states
            .search(&page)
            .expect("the search succeeds")
            .into_owned(),
        states_by_hand(&page)
    );
    group.bench_function("search", |bench| {
        bench.iter(|| states.search(black_box(&page)))
    });
    group.bench_function("by hand", |bench| {
        bench.iter(|| states_by_hand(black_box(&page)))
    });
    group.finish();

    let mut group = criterion.benchmark_group("750 running, two members each");
    let running = expression(
        "Reservations[].Instances[] | [?State.Name == 'running'].{id: InstanceId, ip: PrivateIpAddress}",
    );
    assert_eq!(
        running
            .search(&page)
            .expect("the search succeeds")
            .into_owned(),
        running_by_hand(&page)
    );
    group.bench_function("search", |bench| {
        bench.iter(|| running.search(black_box(&page)))
    });
    group.bench_function("by hand", |bench| {
        bench.iter(|| running_by_hand(black_box(&page)))
    });
    group.finish();
}

criterion_group!(benches, compile, search);
criterion_main!(benches);
