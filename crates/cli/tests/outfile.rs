//! Outputs whose payload is a blob go to a file.

#[expect(clippy::unwrap_used, reason = "a failed setup fails the test")]
mod support;

use support::{CommandResult, Server, home, inia, run_command, run_with_input};

fn run(server: &Server, line: &str) -> CommandResult {
    run_command(
        inia("outfile")
            .current_dir(home("outfile"))
            .env("AWS_ENDPOINT_URL", &server.url)
            .args(line.split(' ')),
    )
}

#[test]
fn lambda_invoke_writes_its_payload_to_a_file() {
    let server = Server::always(200, "application/json", r#"{"result": 5}"#);
    let result = run(
        &server,
        "lambda invoke --function-name f --payload e30= out.json",
    );
    assert_eq!(
        (result.status, result.stdout.as_str()),
        (0, "{\n    \"StatusCode\": 200\n}\n"),
        "{result:?}"
    );
    assert_eq!(
        std::fs::read_to_string(home("outfile").join("out.json")).unwrap(),
        r#"{"result": 5}"#
    );
    assert_eq!(server.requests().first().unwrap().body, b"{}");

    let result = run(&server, "lambda invoke --function-name f -");
    assert_eq!(
        (result.status, result.stdout.as_str()),
        (0, r#"{"result": 5}"#),
        "{result:?}"
    );

    let result = run(&server, "lambda invoke --function-name f");
    assert_eq!(result.status, 252, "{result:?}");
    assert!(
        result
            .stderr
            .contains("Invoke returns a stream: add a file name"),
        "{result:?}"
    );
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn every_operation_with_a_blob_payload_takes_a_file() {
    let session = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(inia::Session::builder().region("us-east-1").load())
        .unwrap();
    let mut count = 0;
    for service in session.available_services() {
        let model = session.catalog().service(&service, None).unwrap();
        for operation in model.operations() {
            let output = model.output(operation);
            let payload = output.and_then(inia::model::Structure::payload_member);
            let is_blob = payload.is_some_and(|payload| {
                matches!(model.shape(payload.target).kind, inia::model::Kind::Blob)
            });
            let stream = model.streaming_output(operation).map(|member| &member.name);
            if is_blob {
                count += 1;
                assert_eq!(
                    stream,
                    payload.map(|payload| &payload.name),
                    "{service} {}",
                    operation.name
                );
            }
        }
    }
    assert!(count >= 63, "{count}");
}

#[test]
fn run_returns_the_payload_in_base64() {
    let server = Server::always(200, "application/json", r#"{"result": 5}"#);
    let call = r#"{"service": "lambda", "operation": "Invoke", "params": {"FunctionName": "f"}}"#;
    let mut command = inia("outfile");
    command.arg("run").env("AWS_ENDPOINT_URL", &server.url);
    let result = run_with_input(&mut command, call.as_bytes());
    let line: serde_json::Value = serde_json::from_str(&result.stdout).unwrap();
    let expected = serde_json::json!({"StatusCode": 200, "Payload": "eyJyZXN1bHQiOiA1fQ=="});
    assert_eq!(line.get("result"), Some(&expected), "{line}");
}
