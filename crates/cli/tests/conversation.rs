//! Event streams of the command: `--input-events`, files cut into frames, and the events of `inia run`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed setup fails the test"
)]

use std::io::Write as _;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[expect(
    clippy::expect_used,
    clippy::panic,
    clippy::string_slice,
    reason = "a request that is not as expected fails the test"
)]
#[path = "../../../tests/event_server/mod.rs"]
mod event_server;
mod support;

use event_server::{Conversation, EventServer};
use inia::json;
use support::{CommandResult, inia, run_command, run_with_input};

/// Starts a server in a runtime of its own.
fn background<F: Future<Output = ()> + Send + 'static>(
    handler: impl Fn(Conversation, usize) -> F + Send + Sync + 'static,
) -> EventServer {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            sender.send(EventServer::start(handler).await).unwrap();
            std::future::pending::<()>().await;
        });
    });
    receiver.recv().unwrap()
}

/// Name and payload of an event.
type Event = (String, String);

/// A server that returns a transcript of each event, and keeps the events.
fn transcriber() -> (EventServer, Arc<Mutex<Vec<Event>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    let server = background(move |mut talk: Conversation, _| {
        let kept = Arc::clone(&kept);
        async move {
            talk.accept();
            while let Some(event) = talk.next().await.unwrap() {
                let event = event_server::name_and_payload(&event);
                let transcript = format!(r#"{{"transcript":"{}"}}"#, event.0);
                kept.lock().unwrap().push(event);
                talk.send("TranscriptEvent", transcript).await;
            }
            assert!(talk.has_end_frame());
            talk.finish();
        }
    });
    (server, seen)
}

/// Returns the command with the credentials that the server verifies.
fn verified(name: &str) -> std::process::Command {
    let mut command = inia(name);
    command
        .env("AWS_ACCESS_KEY_ID", event_server::KEY_ID)
        .env("AWS_SECRET_ACCESS_KEY", event_server::SECRET)
        .env("AWS_REGION", "us-east-1")
        .env_remove("AWS_SESSION_TOKEN");
    command
}

/// Returns the command of a conversation.
fn conversation(name: &str, server: &EventServer, arguments: &[&str]) -> std::process::Command {
    let mut command = verified(name);
    command
        .args([
            "lexv2-runtime",
            "start-conversation",
            "--bot-id",
            "BOTBOTBOT1",
        ])
        .args([
            "--bot-alias-id",
            "TSTALIASID",
            "--locale-id",
            "en_US",
            "--session-id",
            "s1",
        ])
        .args(["--endpoint-url", &server.url])
        .args(arguments);
    command
}

fn write(folder: &std::path::Path, name: &str, contents: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    std::fs::write(&path, contents).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn events_are_lines_of_a_file_and_audio_is_cut_into_frames() {
    let (server, seen) = transcriber();
    let folder = tempfile_folder("frames");
    let audio = write(&folder, "speech.pcm", b"0123456789");
    let events = write(
        &folder,
        "events.jsonl",
        format!(
            "{}\n\n{}\n{}",
            r#"{"ConfigurationEvent": {"responseContentType": "text/plain"}}"#,
            json!({"AudioInputEvent": {"contentType": "audio/lpcm", "audioChunk": format!("fileb://{audio}")}})
                .to_json_string(),
            r#"{"AudioInputEvent": {"contentType": "audio/lpcm", "audioChunk": "QUI="}}"#,
        ),
    );
    let path = format!("file://{events}");
    let result = run_command(&mut conversation(
        "frames",
        &server,
        &["--input-events", &path, "--frame-bytes", "4"],
    ));
    assert_eq!((result.status, &*result.stderr), (0, ""), "{result:?}");
    let names = ["ConfigurationEvent"]
        .into_iter()
        .chain(["AudioInputEvent"; 4]);
    let lines: Vec<String> = names
        .map(|name| format!(r#"{{"TranscriptEvent":{{"transcript":"{name}"}}}}"#))
        .collect();
    assert_eq!(result.stdout.lines().collect::<Vec<_>>(), lines);
    let chunk = |chunk: &str| {
        let payload = format!(r#"{{"contentType":"audio/lpcm","audioChunk":"{chunk}"}}"#);
        ("AudioInputEvent".to_owned(), payload)
    };
    let seen = seen.lock().unwrap();
    assert_eq!(
        seen[1..],
        [
            chunk("MDEyMw=="),
            chunk("NDU2Nw=="),
            chunk("ODk="),
            chunk("QUI=")
        ]
    );
}

/// Returns an empty folder.
fn tempfile_folder(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("inia-events-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn events_of_standard_input_are_sent_when_they_come() {
    let (server, seen) = transcriber();
    let mut child = conversation("stdin", &server, &["--input-events", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    for number in 1..4 {
        writeln!(input, r#"{{"TextInputEvent": {{"text": "{number}"}}}}"#).unwrap();
        // The next line is written after the answer was printed.
        assert_eq!(
            output.next().unwrap().unwrap(),
            r#"{"TranscriptEvent":{"transcript":"TextInputEvent"}}"#
        );
        assert_eq!(seen.lock().unwrap().len(), number);
    }
    drop(input);
    assert!(output.next().is_none());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// Waits for a command whose standard input stays open.
fn with_open_input(mut command: std::process::Command) -> CommandResult {
    let mut child: Child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    writeln!(input, r#"{{"TextInputEvent": {{"text": "a"}}}}"#).unwrap();
    let output = child.wait_with_output().unwrap();
    drop(input);
    output.into()
}

#[test]
fn a_stream_that_the_service_ends_decides_the_exit_code() {
    let server = background(|mut talk: Conversation, number| async move {
        talk.accept();
        talk.next().await.unwrap().unwrap();
        talk.send("HeartbeatEvent", "{}").await;
        match number {
            0 => {}
            1 => {
                talk.exception("ThrottlingException", r#"{"message":"slower"}"#)
                    .await;
            }
            2 => {
                let mut error = event_server::message("error", ":error-code", "Strange", "");
                let text = inia_protocol::EventHeader::String("no model knows it".into());
                error.headers.push((":error-message".into(), text));
                talk.send_bytes(error.encode().unwrap()).await;
            }
            _ => {
                tokio::time::sleep(Duration::from_millis(50)).await;
                talk.reset(h2::Reason::INTERNAL_ERROR);
            }
        }
        talk.finish();
    });
    for (status, message) in [
        (0, ""),
        (
            254,
            "An error occurred (ThrottlingException) when calling the StartConversation operation: slower",
        ),
        (
            254,
            "An error occurred (Strange) when calling the StartConversation operation: no model knows it",
        ),
        (255, "cut off"),
    ] {
        let result = with_open_input(conversation("ends", &server, &["--input-events", "-"]));
        assert_eq!(result.status, status, "{result:?}");
        assert_eq!(result.stdout, "{\"HeartbeatEvent\":{}}\n");
        assert!(result.stderr.contains(message), "{result:?}");
        assert_eq!(result.stderr.is_empty(), status == 0, "{result:?}");
    }
}

#[test]
fn mistakes_in_events_are_usage_errors() {
    let (server, _) = transcriber();
    let folder = tempfile_folder("mistakes");
    let lines = write(
        &folder,
        "bad.jsonl",
        "{\"TextInputEvent\": {\"text\": \"a\"}}\n{",
    );
    let missing = write(
        &folder,
        "missing.jsonl",
        r#"{"AudioInputEvent": {"contentType": "a", "audioChunk": "fileb://nowhere"}}"#,
    );
    for (arguments, message) in [
        (
            vec![],
            "the input of StartConversation is an event stream: add --input-events",
        ),
        (
            vec!["--frame-bytes", "5"],
            "--frame-bytes requires --input-events",
        ),
        (
            vec!["--input-events", "-", "--frame-bytes", "0"],
            "--frame-bytes: \"0\" is not",
        ),
        (
            vec!["--input-events", "5"],
            "expected an event or a list of events, got a integer",
        ),
        (vec!["--input-events", "{"], "invalid JSON"),
        (
            vec!["--input-events", "file://nowhere"],
            "there is no such file",
        ),
        (
            vec!["--input-events", "fileb://x"],
            "name it in the blob of an event",
        ),
        (
            vec!["--request-event-stream", "{}"],
            "pass its events with --input-events",
        ),
        (
            vec!["--input-events", r#"{"TextInputEvent": {}}"#],
            "text: missing required parameter",
        ),
        (
            vec!["--input-events", &format!("file://{lines}")],
            "line 2: invalid JSON",
        ),
        (
            vec!["--input-events", &format!("file://{missing}")],
            "line 1: fileb://nowhere",
        ),
    ]
    .iter()
    .map(|(arguments, message)| (arguments.clone(), *message))
    {
        let result = run_command(&mut conversation("mistakes", &server, &arguments));
        assert_eq!(result.status, 252, "{arguments:?} {result:?}");
        assert!(result.stderr.contains(message), "{arguments:?} {result:?}");
        assert_eq!(
            result
                .stdout
                .lines()
                .filter(|line| !line.contains("Transcript"))
                .count(),
            0
        );
    }
    let result = run_command(inia("no-events").args(["sqs", "list-queues", "--input-events", "-"]));
    assert!(
        result.stderr.contains("--input-events has no effect"),
        "{result:?}"
    );
    assert_eq!(result.status, 252);
}

#[test]
fn payloads_go_to_a_file() {
    let server = background(|mut talk: Conversation, _| async move {
        talk.accept();
        let events = talk.all().await;
        assert_eq!(events.len(), 2);
        for part in ["one", "two"] {
            talk.send("AudioEvent", part).await;
        }
        talk.send("StreamClosedEvent", r#"{"RequestCharacters":5}"#)
            .await;
        talk.finish();
    });
    let folder = tempfile_folder("payloads");
    let file = folder.join("speech.mp3");
    let command = |file: &str| {
        let mut command = verified("payloads");
        command
            .args([
                "polly",
                "start-speech-synthesis-stream",
                "--engine",
                "generative",
            ])
            .args([
                "--output-format",
                "mp3",
                "--voice-id",
                "Joanna",
                "--endpoint-url",
                &server.url,
            ])
            .args([
                "--input-events",
                r#"[{"TextEvent": {"Text": "Hello"}}, {"CloseStreamEvent": {}}]"#,
            ])
            .arg(file);
        run_command(&mut command)
    };
    let result = command(file.to_str().unwrap());
    assert_eq!(result.status, 0, "{result:?}");
    assert_eq!(
        result.stdout,
        "{\"StreamClosedEvent\":{\"RequestCharacters\":5}}\n"
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "onetwo");
    // The standard output as a file has the payloads alone.
    let result = command("-");
    assert_eq!(
        (result.status, &*result.stdout),
        (0, "onetwo"),
        "{result:?}"
    );
}

#[test]
fn a_line_of_run_has_its_events_and_gives_a_list() {
    let (server, seen) = transcriber();
    let line = |events: inia::Value| {
        let mut line = json!({
            "id": 1, "service": "lexv2-runtime", "operation": "StartConversation", "endpoint_url": server.url.as_str(), "region": "us-east-1",
            "credentials": {"access_key_id": event_server::KEY_ID, "secret_access_key": event_server::SECRET},
            "params": {"botId": "BOTBOTBOT1", "botAliasId": "TSTALIASID", "localeId": "en_US", "sessionId": "s1"}
        });
        if !events.is_null() {
            line["events"] = events;
        }
        line.to_json_string() + "\n"
    };
    let lines = [
        line(
            json!([{"TextInputEvent": {"text": "a"}}, {"AudioInputEvent": {"contentType": "b", "audioChunk": "QUI="}}]),
        ),
        line(json!([])),
        line(inia::Value::Null),
        line(json!([{"TextInputEvent": {"text": 5}}])),
        line(json!([{"AudioInputEvent": {"contentType": "b", "audioChunk": "??"}}])),
    ];
    let result = run_with_input(
        inia("run-events").args(["run", "--concurrency", "1"]),
        lines.concat().as_bytes(),
    );
    let results: Vec<serde_json::Value> = result
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let transcript = |text: &str| serde_json::json!({"TranscriptEvent": {"transcript": text}});
    assert_eq!(
        results[0]["result"],
        serde_json::json!({"responseEventStream": [transcript("TextInputEvent"), transcript("AudioInputEvent")]})
    );
    assert_eq!(
        results[1]["result"],
        serde_json::json!({"responseEventStream": []})
    );
    for (result, message) in [
        (&results[2], "missing required key events"),
        (&results[3], "requestEventStream[0].TextInputEvent.text"),
        (
            &results[4],
            "requestEventStream[0].AudioInputEvent.audioChunk",
        ),
    ] {
        assert_eq!(result["error"]["kind"], "validation", "{result}");
        assert!(
            result["error"]["message"]
                .as_str()
                .unwrap()
                .contains(message),
            "{result}"
        );
    }
    assert_eq!(
        seen.lock().unwrap()[1].1,
        r#"{"contentType":"b","audioChunk":"QUI="}"#
    );
}
