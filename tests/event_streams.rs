//! Event streams both ways, against a server that checks the signature chain frame by frame.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use inia::config::Config;
use inia::credentials::Token;
use inia::transport::{HyperTransport, TransportSettings};
use inia::{Blob, Client, Credentials, Error, ErrorKind, Result, Session, Value, json};
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;

mod event_server;

use event_server::{Conversation, EventServer, KEY_ID, SECRET};

/// Returns a client of a service that calls the server.
fn client(service: &str, server: &EventServer, config: Config) -> Client {
    Session::builder()
        .region("us-east-1")
        .credentials(Credentials::new(KEY_ID, SECRET, None))
        .config(&config.endpoint_url(&server.url))
        .build()
        .unwrap()
        .client(service)
        .unwrap()
}

fn lex(server: &EventServer) -> Client {
    client("lexv2-runtime", server, Config::new())
}

fn conversation() -> Value {
    json!({"botId": "BOTBOTBOT1", "botAliasId": "TSTALIASID", "localeId": "en_US", "sessionId": "s1"})
}

fn text(text: impl Into<String>) -> Value {
    json!({"TextInputEvent": {"text": text.into()}})
}

/// Fails a test that waits for too long.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(20), future)
        .await
        .expect("deadlock")
}

#[tokio::test]
async fn events_go_both_ways_at_once() {
    let server = EventServer::start(|mut talk: Conversation, _| async move {
        assert_eq!(
            talk.head.uri.path(),
            "/bots/BOTBOTBOT1/botAliases/TSTALIASID/botLocales/en_US/sessions/s1/conversation"
        );
        assert_eq!(
            talk.header("content-type"),
            "application/vnd.amazon.eventstream"
        );
        talk.respond(200, &[("x-amzn-requestid", "r-1")]);
        while let Some(event) = talk.next().await.unwrap() {
            let (name, payload) = event_server::name_and_payload(&event);
            assert_eq!(name, "TextInputEvent");
            talk.send("TranscriptEvent", payload.replace("text", "transcript"))
                .await;
        }
        assert!(talk.has_end_frame());
        talk.send("HeartbeatEvent", "{}").await;
        talk.finish();
    })
    .await;
    soon(async {
        let call = lex(&server).call("StartConversation", conversation());
        let (mut send, mut receive) = call.duplex().await.unwrap();
        assert_eq!(
            receive
                .response()
                .await
                .unwrap()
                .metadata
                .request_id
                .as_deref(),
            Some("r-1")
        );
        for number in 0..3 {
            send.send(text(number.to_string())).await.unwrap();
            assert_eq!(
                receive.next().await.unwrap().unwrap(),
                json!({"TranscriptEvent": {"transcript": number.to_string()}})
            );
        }
        send.finish();
        assert_eq!(
            receive.next().await.unwrap().unwrap(),
            json!({"HeartbeatEvent": {}})
        );
        assert!(receive.next().await.is_none());
    })
    .await;
}

/// Takes a request and its events, and sends canned ones.
async fn answer(mut talk: Conversation, events: &[(&str, &str)]) {
    talk.accept();
    let _ = talk.all().await;
    for (name, payload) in events {
        talk.send(name, (*payload).to_owned()).await;
    }
    talk.finish();
}

#[tokio::test]
async fn every_operation_with_an_input_stream_can_be_called() {
    struct Exchange {
        service: &'static str,
        operation: &'static str,
        params: Value,
        events: Vec<Value>,
        /// Method, path and query of the request.
        path: &'static str,
        header: (&'static str, &'static str),
        /// The events as they are sent.
        sent: Vec<(&'static str, &'static str)>,
        response: (&'static str, &'static str),
        received: Value,
    }
    let exchanges = [
        Exchange {
            service: "bedrock-runtime",
            operation: "InvokeModelWithBidirectionalStream",
            params: json!({"modelId": "amazon.nova-sonic-v1:0"}),
            events: vec![json!({"chunk": {"bytes": "{}"}})],
            path: "/model/amazon.nova-sonic-v1%3A0/invoke-with-bidirectional-stream",
            header: ("content-type", "application/vnd.amazon.eventstream"),
            sent: vec![("chunk", r#"{"bytes":"e30="}"#)],
            response: ("chunk", r#"{"bytes":"YQ=="}"#),
            received: json!({"chunk": {"bytes": Blob::from(b"a".to_vec())}}),
        },
        Exchange {
            service: "connecthealth",
            operation: "StartMedicalScribeListeningSession",
            params: json!({
                "sessionId": "01234567-89ab-cdef-0123-456789abcdef", "domainId": "hai-0123456789abcdef", "subscriptionId": "sub-0123456789abcdefghijk", "languageCode": "en-US",
                "mediaSampleRateHertz": 16000, "mediaEncoding": "pcm"
            }),
            events: vec![
                json!({"binaryAudioEvent": {"audioChunk": Blob::from(b"raw".to_vec())}}),
                json!({"sessionControlEvent": {"type": "END_OF_SESSION"}}),
            ],
            path: "/medical-scribe-stream/",
            header: ("x-amzn-medscribe-sample-rate", "16000"),
            sent: vec![
                ("binaryAudioEvent", "raw"),
                ("sessionControlEvent", r#"{"type":"END_OF_SESSION"}"#),
            ],
            response: (
                "transcriptEvent",
                r#"{"transcriptSegment":{"segmentId":"1","isPartial":false}}"#,
            ),
            received: json!({"transcriptEvent": {"transcriptSegment": {"segmentId": "1", "isPartial": false}}}),
        },
        Exchange {
            service: "lexv2-runtime",
            operation: "StartConversation",
            params: conversation(),
            events: vec![
                json!({"ConfigurationEvent": {"responseContentType": "text/plain"}}),
                json!({"AudioInputEvent": {"contentType": "audio/lpcm", "audioChunk": Blob::from(b"raw".to_vec())}}),
                json!({"DisconnectionEvent": {}}),
            ],
            path: "/bots/BOTBOTBOT1/botAliases/TSTALIASID/botLocales/en_US/sessions/s1/conversation",
            header: ("content-type", "application/vnd.amazon.eventstream"),
            sent: vec![
                (
                    "ConfigurationEvent",
                    r#"{"responseContentType":"text/plain"}"#,
                ),
                (
                    "AudioInputEvent",
                    r#"{"contentType":"audio/lpcm","audioChunk":"cmF3"}"#,
                ),
                ("DisconnectionEvent", "{}"),
            ],
            response: ("TranscriptEvent", r#"{"transcript":"hi"}"#),
            received: json!({"TranscriptEvent": {"transcript": "hi"}}),
        },
        Exchange {
            service: "polly",
            operation: "StartSpeechSynthesisStream",
            params: json!({"Engine": "generative", "OutputFormat": "mp3", "VoiceId": "Joanna"}),
            events: vec![
                json!({"TextEvent": {"Text": "Hello"}}),
                json!({"CloseStreamEvent": {}}),
            ],
            path: "/v1/synthesisStream",
            header: ("x-amzn-voiceid", "Joanna"),
            sent: vec![
                ("TextEvent", r#"{"Text":"Hello"}"#),
                ("CloseStreamEvent", ""),
            ],
            response: ("AudioEvent", "mp3"),
            received: json!({"AudioEvent": {"AudioChunk": Blob::from(b"mp3".to_vec())}}),
        },
        Exchange {
            service: "qbusiness",
            operation: "Chat",
            params: json!({"applicationId": "0123456789abcdef0123456789abcdef0123", "clientToken": "t", "userId": "bob"}),
            events: vec![
                json!({"textEvent": {"userMessage": "hi"}}),
                json!({"endOfInputEvent": {}}),
            ],
            path: "/applications/0123456789abcdef0123456789abcdef0123/conversations?clientToken=t&userId=bob",
            header: ("content-type", "application/vnd.amazon.eventstream"),
            sent: vec![
                ("textEvent", r#"{"userMessage":"hi"}"#),
                ("endOfInputEvent", ""),
            ],
            response: ("textEvent", r#"{"systemMessage":"hello"}"#),
            received: json!({"textEvent": {"systemMessage": "hello"}}),
        },
    ];
    let session = Session::builder().region("us-east-1").build().unwrap();
    let mut operations = Vec::new();
    for service in session.available_services() {
        let model = session.catalog().service(&service, None).unwrap();
        for operation in model.operations() {
            if model.event_stream_input(operation).is_some() {
                operations.push((service.to_string(), operation.name.to_string()));
            }
        }
    }
    let covered = exchanges
        .iter()
        .map(|exchange| (exchange.service.to_owned(), exchange.operation.to_owned()));
    assert_eq!(
        operations,
        covered.collect::<Vec<_>>(),
        "an exchange for each"
    );
    for exchange in exchanges {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (kept, response) = (Arc::clone(&seen), exchange.response);
        let (header, value) = exchange.header;
        let server = EventServer::start(move |mut talk: Conversation, _| {
            let kept = Arc::clone(&kept);
            async move {
                assert_eq!(talk.header(header), value);
                assert_eq!(
                    talk.header("content-type"),
                    "application/vnd.amazon.eventstream"
                );
                talk.accept();
                let events = talk.all().await;
                *kept.lock().unwrap() =
                    vec![(talk.head.uri.path_and_query().unwrap().to_string(), events)];
                talk.send(response.0, response.1).await;
                talk.finish();
            }
        })
        .await;
        soon(async {
            let client = client(
                exchange.service,
                &server,
                Config::new().inject_host_prefix(false),
            );
            let call = client.call(exchange.operation, exchange.params);
            let mut output = call.events(exchange.events).await.unwrap();
            let events = output.events.take().unwrap().collect().await.unwrap();
            assert_eq!(
                Value::List(events),
                json!([exchange.received]),
                "{}",
                exchange.operation
            );
        })
        .await;
        let seen = seen.lock().unwrap();
        let (path, events) = &seen[0];
        assert_eq!(path, exchange.path);
        let events: Vec<(&str, &str)> = events
            .iter()
            .map(|(name, payload)| (&**name, &**payload))
            .collect();
        assert_eq!(events, exchange.sent, "{}", exchange.operation);
    }
}

/// A definition with the shape of Transcribe's streaming API, which AWS ships to no botocore.
fn transcribe() -> (tempfile::TempDir, String) {
    let definition = json!({
        "version": "2.0",
        "metadata": {
            "apiVersion": "2017-10-26", "endpointPrefix": "transcribestreaming", "protocol": "rest-json",
            "protocolSettings": {"h2": "eventstream"}, "serviceId": "Transcribe Streaming",
            "signatureVersion": "v4", "signingName": "transcribe"
        },
        "operations": {"StartStreamTranscription": {
            "name": "StartStreamTranscription",
            "http": {"method": "POST", "requestUri": "/stream-transcription"},
            "input": {"shape": "Request"}, "output": {"shape": "Response"},
            "errors": [{"shape": "BadRequestException"}]
        }},
        "shapes": {
            "Request": {"type": "structure", "required": ["LanguageCode", "MediaSampleRateHertz", "AudioStream"], "payload": "AudioStream", "members": {
                "LanguageCode": {"shape": "String", "location": "header", "locationName": "x-amzn-transcribe-language-code"},
                "MediaSampleRateHertz": {"shape": "Integer", "location": "header", "locationName": "x-amzn-transcribe-sample-rate"},
                "AudioStream": {"shape": "AudioStream"}
            }},
            "AudioStream": {"type": "structure", "eventstream": true, "members": {
                "AudioEvent": {"shape": "AudioEvent"}, "ConfigurationEvent": {"shape": "ConfigurationEvent"}
            }},
            "AudioEvent": {"type": "structure", "event": true, "members": {"AudioChunk": {"shape": "Blob", "eventpayload": true}}},
            "ConfigurationEvent": {"type": "structure", "event": true, "required": ["Channels"], "members": {
                "Channels": {"shape": "Integer"},
                "Started": {"shape": "Timestamp", "eventheader": true},
                "Name": {"shape": "String", "eventheader": true}
            }},
            "Response": {"type": "structure", "payload": "TranscriptResultStream", "members": {
                "SessionId": {"shape": "String", "location": "header", "locationName": "x-amzn-transcribe-session-id"},
                "TranscriptResultStream": {"shape": "TranscriptResultStream"}
            }},
            "TranscriptResultStream": {"type": "structure", "eventstream": true, "members": {
                "TranscriptEvent": {"shape": "TranscriptEvent"}, "BadRequestException": {"shape": "BadRequestException"}
            }},
            "TranscriptEvent": {"type": "structure", "event": true, "members": {"Transcript": {"shape": "String"}}},
            "BadRequestException": {"type": "structure", "exception": true, "error": {"httpStatusCode": 400}, "members": {
                "Message": {"shape": "String"}, "Sample": {"shape": "Integer"}
            }},
            "String": {"type": "string"}, "Integer": {"type": "integer"}, "Blob": {"type": "blob"}, "Timestamp": {"type": "timestamp"}
        }
    });
    drop_in("transcribestreaming", &definition)
}

/// Writes a definition to a folder of definitions.
fn drop_in(service: &str, definition: &Value) -> (tempfile::TempDir, String) {
    let root = tempfile::tempdir().unwrap();
    let version = root.path().join(service).join("2017-10-26");
    std::fs::create_dir_all(&version).unwrap();
    std::fs::write(version.join("service-2.json"), definition.to_json_string()).unwrap();
    let path = root.path().to_str().unwrap().to_owned();
    (root, path)
}

fn dropped_in_client(service: &str, folder: &str, url: &str) -> Client {
    Session::builder()
        .region("eu-west-1")
        .data_path(folder)
        .credentials(Credentials::new(KEY_ID, SECRET, Some("token")))
        .endpoint_url(url)
        .build()
        .unwrap()
        .client(service)
        .unwrap()
}

#[tokio::test]
async fn a_dropped_in_definition_with_the_shape_of_transcribe_works() {
    let (_root, folder) = transcribe();
    let server = EventServer::start(|mut talk: Conversation, number| async move {
        assert_eq!(talk.header("x-amzn-transcribe-sample-rate"), "16000");
        assert_eq!(talk.header("x-amz-security-token"), "token");
        assert!(
            talk.header("authorization")
                .contains("/eu-west-1/transcribe/aws4_request")
        );
        talk.respond(200, &[("x-amzn-transcribe-session-id", "s-1")]);
        let first = talk.next().await.unwrap().unwrap();
        assert_eq!(
            first.text(":event-type").unwrap().as_str(),
            "ConfigurationEvent"
        );
        assert_eq!(first.text("Name").unwrap().as_str(), "n");
        assert_eq!(
            first.header("Started"),
            Some(&inia_protocol::EventHeader::Timestamp(1_500))
        );
        assert_eq!(first.payload, r#"{"Channels":2}"#);
        let mut bytes = 0;
        while let Some(event) = talk.next().await.unwrap() {
            assert_eq!(
                event.text(":content-type").unwrap().as_str(),
                "application/octet-stream"
            );
            bytes += event.payload.len();
            if number == 1 && bytes > 0 {
                talk.exception(
                    "BadRequestException",
                    r#"{"Message": "too loud", "Sample": 7}"#,
                )
                .await;
                return talk.finish();
            }
            talk.send("TranscriptEvent", format!(r#"{{"Transcript": "{bytes}"}}"#))
                .await;
        }
        talk.finish();
    })
    .await;
    soon(async {
        let client = dropped_in_client("transcribestreaming", &folder, &server.url);
        let params = json!({"LanguageCode": "en-US", "MediaSampleRateHertz": 16000});
        let config = json!({"configuration_event": {"channels": 2, "Name": "n", "Started": 1.5}});
        let audio = |length: usize| json!({"AudioEvent": {"AudioChunk": Blob::from(vec![7; length])}});
        let events = vec![config.clone(), audio(10), audio(20)];
        let mut output = client
            .call("StartStreamTranscription", &params)
            .events(events)
            .await
            .unwrap();
        assert_eq!(output.value, json!({"SessionId": "s-1"}));
        let events = output.events.take().unwrap().collect().await.unwrap();
        assert_eq!(
            Value::List(events),
            json!([{"TranscriptEvent": {"Transcript": "10"}}, {"TranscriptEvent": {"Transcript": "30"}}])
        );
        // The service ends with an exception, while the input is open.
        let call = client.call("StartStreamTranscription", &params);
        let (mut send, mut receive) = call.duplex().await.unwrap();
        send.send(&config).await.unwrap();
        send.send(audio(1)).await.unwrap();
        let error = receive.next().await.unwrap().unwrap_err();
        assert_eq!((error.service_name(), error.operation()), (Some("transcribestreaming"), Some("StartStreamTranscription")));
        let service = error.service().unwrap();
        assert_eq!((&*service.code, &*service.message), ("BadRequestException", "too loud"));
        assert_eq!(service.details.get("Sample"), Some(&Value::Int(7)));
        assert!(receive.next().await.is_none() && send.is_closed());
        let error = send.send(audio(1)).await.unwrap_err();
        assert_eq!(error.service().unwrap().code, "BadRequestException");
    })
    .await;
}

#[tokio::test]
async fn rpc_protocols_start_with_an_initial_request() {
    for (protocol, media_type, target) in [
        ("json", "application/json", "targetPrefix"),
        ("smithy-rpc-v2-cbor", "application/cbor", "targetPrefix"),
    ] {
        let definition = json!({
            "metadata": {
                "apiVersion": "2017-10-26", "endpointPrefix": "talk", "protocol": protocol, "protocols": [protocol],
                "jsonVersion": "1.0", target: "Talk", "serviceId": "Talk", "signatureVersion": "v4",
                "protocolSettings": {"h2": "eventstream"}
            },
            "operations": {"Talk": {"name": "Talk", "http": {"method": "POST", "requestUri": "/"},
                "input": {"shape": "Request"}, "output": {"shape": "Response"}}},
            "shapes": {
                "Request": {"type": "structure", "required": ["Room", "Words"], "members": {"Room": {"shape": "String"}, "Words": {"shape": "Words"}}},
                "Words": {"type": "structure", "eventstream": true, "members": {"Word": {"shape": "Word"}}},
                "Word": {"type": "structure", "event": true, "members": {"Text": {"shape": "String"}}},
                "Response": {"type": "structure", "members": {"Id": {"shape": "String"}, "Words": {"shape": "Words"}}},
                "String": {"type": "string"}
            }
        });
        let (_root, folder) = drop_in("talk", &definition);
        let server = EventServer::start(move |mut talk: Conversation, _| async move {
            assert_eq!(
                talk.header("content-type"),
                "application/vnd.amazon.eventstream"
            );
            let first = talk.next().await.unwrap().unwrap();
            assert_eq!(
                first.text(":event-type").unwrap().as_str(),
                "initial-request"
            );
            assert!(
                first
                    .text(":content-type")
                    .unwrap()
                    .ends_with(media_type.rsplit('/').next().unwrap())
                    || media_type == "application/json"
            );
            let read = |bytes: Bytes| match media_type {
                "application/cbor" => inia_protocol::read_cbor(bytes).unwrap(),
                _ => inia_protocol::read_json(bytes).unwrap(),
            };
            assert_eq!(read(first.payload.clone()), json!({"Room": "r"}));
            talk.accept();
            talk.send_bytes(first_response(&first.payload)).await;
            while let Some(event) = talk.next().await.unwrap() {
                // The same event comes back.
                let frame = event_server::message("event", ":event-type", "Word", event.payload);
                talk.send_bytes(frame.encode().unwrap()).await;
            }
            talk.finish();
        })
        .await;
        soon(async {
            let client = dropped_in_client("talk", &folder, &server.url);
            let call = client.call("Talk", json!({"Room": "r"}));
            let (mut send, mut receive) = call.duplex().await.unwrap();
            send.send(json!({"Word": {"Text": "a"}})).await.unwrap();
            assert_eq!(
                receive.next().await.unwrap().unwrap(),
                json!({"Word": {"Text": "a"}}),
                "{protocol}"
            );
            assert!(receive.response().await.unwrap().value["Room"].is_null());
            send.finish();
            assert!(receive.next().await.is_none());
        })
        .await;
    }
}

/// Returns an initial response with the payload of the request, whose members the output does not have.
fn first_response(payload: &Bytes) -> Bytes {
    let frame = event_server::message("event", ":event-type", "initial-response", payload.clone());
    frame.encode().unwrap()
}

#[tokio::test]
async fn ten_thousand_events_each_way() {
    const EVENTS: usize = 10_000;
    let server = EventServer::start(|mut talk: Conversation, _| async move {
        talk.accept();
        while let Some(event) = talk.next().await.unwrap() {
            let (_, payload) = event_server::name_and_payload(&event);
            talk.send("TranscriptEvent", payload.replace("text", "transcript"))
                .await;
        }
        talk.finish();
    })
    .await;
    let call = lex(&server).call("StartConversation", conversation());
    let (mut send, mut receive) = call.duplex().await.unwrap();
    let sending = tokio::spawn(async move {
        for number in 0..EVENTS {
            send.send(text(number.to_string())).await.unwrap();
        }
    });
    for number in 0..EVENTS {
        let event = receive.next().await.unwrap().unwrap();
        assert_eq!(
            event["TranscriptEvent"]["transcript"].as_str(),
            Some(&*number.to_string())
        );
    }
    assert!(receive.next().await.is_none());
    sending.await.unwrap();
}

#[tokio::test]
async fn events_wait_in_bounded_memory_while_the_service_reads_nothing() {
    let server = EventServer::start(|mut talk: Conversation, _| async move {
        talk.accept();
        std::future::pending::<()>().await;
    })
    .await;
    let config = Config::new().read_timeout(Duration::from_millis(200));
    let call = client("lexv2-runtime", &server, config).call("StartConversation", conversation());
    let (mut send, mut receive) = call.duplex().await.unwrap();
    let event = text("x".repeat(10_000));
    let mut sent = 0;
    let error = soon(async {
        loop {
            match send.send(&event).await {
                Ok(()) => sent += 1,
                Err(error) => return error,
            }
        }
    })
    .await;
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(
        error.to_string().contains("the service reads no more"),
        "{error}"
    );
    assert!(sent * 10_000 < 2_000_000, "{sent}");
    // The other side has the same time limit.
    let error = soon(receive.next()).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
}

#[tokio::test]
async fn a_receiver_that_is_not_read_stops_neither_itself_nor_other_calls() {
    // Its own window for the connection stops no request.
    let mut builder = h2::server::Builder::new();
    builder.initial_connection_window_size(64 << 20);
    let server = EventServer::with_builder(builder, |mut talk: Conversation, _| async move {
        talk.accept();
        // Two events for one, so that the responses fill their windows.
        while let Ok(Some(event)) = talk.next().await {
            for _ in 0..2 {
                if !talk.send("TranscriptEvent", event.payload.clone()).await {
                    return;
                }
            }
        }
        talk.finish();
    })
    .await;
    let config = Config::new().read_timeout(Duration::from_secs(2));
    let lex = client("lexv2-runtime", &server, config);
    let unread = (0..10).map(|_| async {
        let call = lex.call("StartConversation", conversation());
        let (mut send, receive) = call.duplex().await.unwrap();
        let event = text("x".repeat(60_000));
        let error = loop {
            if let Err(error) = send.send(&event).await {
                break error;
            }
        };
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
        (send, receive)
    });
    let unread = timeout(
        Duration::from_secs(60),
        futures_util::future::join_all(unread),
    )
    .await;
    let unread = unread.expect("deadlock");
    assert_eq!(server.connections(), 1);
    // All of them are full, and the next call goes on.
    soon(async {
        let call = lex.call("StartConversation", conversation());
        let (mut send, mut receive) = call.duplex().await.unwrap();
        for _ in 0..50 {
            send.send(text("x".repeat(60_000))).await.unwrap();
            for _ in 0..2 {
                receive.next().await.unwrap().unwrap();
            }
        }
    })
    .await;
    drop(unread);
}

type Act = Box<dyn Fn(Conversation) -> futures_util::future::BoxFuture<'static, ()> + Send + Sync>;

fn act<F: Future<Output = ()> + Send + 'static>(
    act: impl Fn(Conversation) -> F + Send + Sync + 'static,
) -> Act {
    Box::new(move |talk| Box::pin(act(talk)))
}

/// Sends a frame and leaves the stream open.
fn send_and_wait(frame: Bytes) -> Act {
    act(move |mut talk| {
        let frame = frame.clone();
        async move {
            talk.send_bytes(frame).await;
            std::future::pending::<()>().await;
        }
    })
}

#[tokio::test]
async fn every_way_to_break_a_stream_is_an_error_on_both_sides() {
    let frame = |kind: &str, header: &'static str, name: &str, payload: &'static str| {
        event_server::message(kind, header, name, payload)
            .encode()
            .unwrap()
    };
    let mut corrupt = frame("event", ":event-type", "HeartbeatEvent", "{}").to_vec();
    *corrupt.last_mut().unwrap() ^= 1;
    let corrupt = Bytes::from(corrupt);
    let partial = frame("event", ":event-type", "HeartbeatEvent", "{}").slice(..20);
    let error_frame = {
        let mut message = event_server::message("error", ":error-code", "Strange", "");
        let text = inia_protocol::EventHeader::String("no model knows it".into());
        message.headers.push((":error-message".into(), text));
        message.encode().unwrap()
    };
    let cases: Vec<(&str, Act, ErrorKind, &str)> = vec![
        (
            "a modeled exception",
            act(|mut talk| async move {
                talk.exception("ThrottlingException", r#"{"message": "slower"}"#)
                    .await;
                talk.finish();
            }),
            ErrorKind::Service,
            "ThrottlingException",
        ),
        (
            "an exception without a definition",
            act(|mut talk| async move {
                talk.exception("NewException", r#"{"message": "slower"}"#)
                    .await;
                talk.finish();
            }),
            ErrorKind::Service,
            "NewException",
        ),
        (
            "an error frame",
            send_and_wait(error_frame),
            ErrorKind::Service,
            "Strange",
        ),
        (
            "a checksum that does not match",
            send_and_wait(corrupt),
            ErrorKind::Stream,
            "checksum",
        ),
        (
            "an end within a frame",
            act(move |mut talk| {
                let frame = partial.clone();
                async move {
                    talk.send_bytes(frame).await;
                    talk.finish();
                }
            }),
            ErrorKind::Stream,
            "ends within a message",
        ),
        (
            "a reset stream",
            act(|mut talk| async move {
                // A reset discards what is not sent yet.
                tokio::time::sleep(Duration::from_millis(50)).await;
                talk.reset(h2::Reason::INTERNAL_ERROR);
            }),
            ErrorKind::Stream,
            "cut off",
        ),
        (
            "a cut connection",
            act(|talk| async move {
                tokio::time::sleep(Duration::from_millis(50)).await;
                talk.cut();
            }),
            ErrorKind::Stream,
            "cut off",
        ),
    ];
    for (name, act, kind, text_in_error) in cases {
        let act = Arc::new(act);
        let server = EventServer::start(move |mut talk: Conversation, _| {
            let act = Arc::clone(&act);
            async move {
                talk.accept();
                talk.next().await.unwrap().unwrap();
                talk.send("HeartbeatEvent", "{}").await;
                act(talk).await;
            }
        })
        .await;
        soon(async {
            let call = lex(&server).call("StartConversation", conversation());
            let (mut send, mut receive) = call.duplex().await.unwrap();
            send.send(text("a")).await.unwrap();
            assert!(receive.next().await.unwrap().is_ok(), "{name}");
            let error = receive.next().await.unwrap().unwrap_err();
            assert_eq!(error.kind(), kind, "{name}: {error:#}");
            assert!(
                format!("{error:#}").contains(text_in_error),
                "{name}: {error:#}"
            );
            assert_eq!(error.operation(), Some("StartConversation"), "{name}");
            assert!(receive.next().await.is_none(), "{name}");
            let error = send.send(text("b")).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{name}: {error:#}");
        })
        .await;
    }
}

#[tokio::test]
async fn a_stream_that_the_service_ends_first_is_no_error() {
    let server = EventServer::start(|mut talk: Conversation, _| async move {
        talk.accept();
        talk.next().await.unwrap().unwrap();
        talk.send("HeartbeatEvent", "{}").await;
        talk.finish();
        // The client ends its side without an end frame.
        assert!(matches!(talk.next().await, Ok(None) | Err(_)));
        assert!(!talk.has_end_frame());
    })
    .await;
    soon(async {
        let call = lex(&server).call("StartConversation", conversation());
        let (mut send, mut receive) = call.duplex().await.unwrap();
        send.send(text("a")).await.unwrap();
        assert!(receive.next().await.unwrap().is_ok());
        assert!(receive.next().await.is_none());
        let error = send.send(text("b")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Stream);
        assert!(
            error
                .to_string()
                .contains("the service has ended the stream"),
            "{error}"
        );
        // An endless source of events ends too.
        let endless = stream::repeat(text("a")).then(|event| async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            event
        });
        let call = lex(&server).call("StartConversation", conversation());
        let mut output = call.event_stream(endless).await.unwrap();
        let events = output.events.take().unwrap();
        assert_eq!(
            Value::List(events.collect().await.unwrap()),
            json!([{"HeartbeatEvent": {}}])
        );
    })
    .await;
}

#[tokio::test]
async fn dropping_the_receiver_cancels_the_call() {
    for before_response in [true, false] {
        let canceled = Arc::new(Notify::new());
        let seen = Arc::clone(&canceled);
        let server = EventServer::start(move |mut talk: Conversation, _| {
            let seen = Arc::clone(&seen);
            async move {
                if !before_response {
                    talk.accept();
                }
                while let Ok(Some(_)) = talk.next().await {}
                assert!(!talk.has_end_frame());
                seen.notify_one();
            }
        })
        .await;
        soon(async {
            let call = lex(&server).call("StartConversation", conversation());
            let (mut send, mut receive) = call.duplex().await.unwrap();
            send.send(text("a")).await.unwrap();
            if !before_response {
                receive.response().await.unwrap();
            }
            drop(receive);
            canceled.notified().await;
            let error = send.send(text("b")).await.unwrap_err();
            assert!(error.to_string().contains("cancels the call"), "{error}");
        })
        .await;
    }
}

#[tokio::test]
async fn events_that_do_not_match_are_not_sent_and_the_stream_goes_on() {
    let server = EventServer::start(|talk: Conversation, _| async move {
        answer(talk, &[("HeartbeatEvent", "{}")]).await;
    })
    .await;
    soon(async {
        let call = lex(&server).call("StartConversation", conversation());
        let (mut send, mut receive) = call.duplex().await.unwrap();
        for (event, message) in [
            (json!({"TextInputEvent": {}}), "requestEventStream[1].TextInputEvent.text: missing required parameter"),
            (json!({"TextInputEvents": {}}), "requestEventStream[1].TextInputEvents: unknown parameter; did you mean TextInputEvent"),
            (json!({}), "requestEventStream[1]: must set one of the following keys"),
            (json!({"TextInputEvent": {"text": "a"}, "DTMFInputEvent": {"inputCharacter": "1"}}), "can only set one"),
            (json!("a"), "requestEventStream[1]: invalid type"),
        ] {
            // The first event is right.
            if message.starts_with("requestEventStream[1].TextInputEvent.text") {
                send.send(text("a")).await.unwrap();
            }
            let error = send.send(event).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Validation);
            let problems: Vec<String> = error.problems().iter().map(ToString::to_string).collect();
            assert!(problems.iter().any(|problem| problem.contains(message)), "{problems:?}");
        }
        send.finish();
        assert!(receive.next().await.unwrap().is_ok());
        assert!(receive.next().await.is_none());
    })
    .await;
}

#[tokio::test]
async fn a_source_that_fails_ends_the_call_with_its_error() {
    let reset = Arc::new(Notify::new());
    let seen = Arc::clone(&reset);
    let server = EventServer::start(move |mut talk: Conversation, number| {
        let seen = Arc::clone(&seen);
        async move {
            if number > 0 {
                talk.accept();
            }
            while let Ok(Some(_)) = talk.next().await {}
            assert!(!talk.has_end_frame());
            seen.notify_one();
        }
    })
    .await;
    soon(async {
        // Before the response, and after it began.
        for number in 0..2 {
            let (events, receiver) = mpsc::unbounded_channel();
            let source = stream::unfold(
                receiver,
                |mut receiver: mpsc::UnboundedReceiver<Result<Value>>| async {
                    receiver.recv().await.map(|event| (event, receiver))
                },
            );
            events.send(Ok(text("a"))).unwrap();
            let call = lex(&server).call("StartConversation", conversation());
            let failure = || Error::new(ErrorKind::Stream, "the microphone is gone");
            let error = if number == 0 {
                events.send(Err(failure())).unwrap();
                call.event_stream(source).await.unwrap_err()
            } else {
                let mut output = call.event_stream(source).await.unwrap();
                events.send(Err(failure())).unwrap();
                let mut stream = output.events.take().unwrap();
                let error = stream.next().await.unwrap().unwrap_err();
                assert!(stream.next().await.is_none());
                error
            };
            assert_eq!(
                (error.kind(), error.message()),
                (ErrorKind::Stream, "the microphone is gone")
            );
            reset.notified().await;
        }
        let call = lex(&server).call("StartConversation", conversation());
        let error = call
            .events([json!({"TextInputEvent": {"text": 5}})])
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Validation);
        assert_eq!(
            error.problems()[0].path,
            "requestEventStream[0].TextInputEvent.text"
        );
    })
    .await;
}

#[tokio::test]
async fn attempts_send_the_events_again_under_their_own_signature() {
    let server = EventServer::start(|mut talk: Conversation, number| async move {
        let first = talk.next().await.unwrap().unwrap();
        assert_eq!(first.payload, r#"{"text":"a"}"#);
        if number < 2 {
            talk.respond(503, &[("x-amzn-errortype", "ServiceUnavailableException")]);
            return talk.finish();
        }
        answer(talk, &[("HeartbeatEvent", "{}")]).await;
    })
    .await;
    soon(async {
        let call = lex(&server).call("StartConversation", conversation());
        let (mut send, mut receive) = call.duplex().await.unwrap();
        send.send(text("a")).await.unwrap();
        assert_eq!(receive.response().await.unwrap().metadata.attempts, 3);
        send.send(text("b")).await.unwrap();
        send.finish();
        assert!(receive.next().await.unwrap().is_ok());
    })
    .await;
}

#[tokio::test]
async fn an_error_response_is_the_error_of_both_sides() {
    let server = EventServer::start(|mut talk: Conversation, _| async move {
        talk.respond(403, &[("x-amzn-errortype", "AccessDeniedException")]);
        talk.send_bytes(Bytes::from_static(br#"{"message": "no"}"#))
            .await;
        talk.finish();
    })
    .await;
    soon(async {
        let call = lex(&server).call("StartConversation", conversation());
        let (mut send, mut receive) = call.duplex().await.unwrap();
        let error = receive.next().await.unwrap().unwrap_err();
        let service = error.service().unwrap();
        assert_eq!(
            (&*service.code, &*service.message, service.http_status),
            ("AccessDeniedException", "no", 403)
        );
        assert!(receive.next().await.is_none());
        assert_eq!(
            receive.response().await.unwrap_err().kind(),
            ErrorKind::Stream
        );
        let error = send.send(text("a")).await.unwrap_err();
        assert_eq!(error.service().unwrap().code, "AccessDeniedException");
    })
    .await;
}

#[tokio::test]
async fn a_bearer_token_or_no_signature_sends_bare_events() {
    let server = EventServer::start(|mut talk: Conversation, _| async move {
        assert_eq!(talk.header("x-amz-content-sha256"), "");
        talk.accept();
        let events = talk.all().await;
        assert_eq!(
            events,
            [("chunk".to_owned(), r#"{"bytes":"e30="}"#.to_owned())]
        );
        let kind = talk.header("authorization").to_owned();
        talk.send(
            "chunk",
            format!(
                "{{\"bytes\":\"{}\"}}",
                if kind == "Bearer t" { "Yg==" } else { "bg==" }
            ),
        )
        .await;
        talk.finish();
    })
    .await;
    soon(async {
        for (version, expected) in [("bearer", "b"), (inia::config::UNSIGNED, "n")] {
            let config = Config::new().signature_version(version);
            let bedrock = client("bedrock-runtime", &server, config);
            let call = bedrock.call(
                "InvokeModelWithBidirectionalStream",
                json!({"modelId": "m"}),
            );
            let call = call
                .token(Token::new("t"))
                .events([json!({"chunk": {"bytes": "{}"}})]);
            let events = call
                .await
                .unwrap()
                .events
                .take()
                .unwrap()
                .collect()
                .await
                .unwrap();
            assert_eq!(
                events[0]["chunk"]["bytes"].as_blob(),
                Some(expected.as_bytes()),
                "{version}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_silent_service_times_out_only_once_the_input_has_ended() {
    let server = EventServer::start(|mut talk: Conversation, _| async move {
        talk.accept();
        let _ = talk.all().await;
        std::future::pending::<()>().await;
    })
    .await;
    let config = Config::new().read_timeout(Duration::from_millis(100));
    let call = client("lexv2-runtime", &server, config).call("StartConversation", conversation());
    let (mut send, mut receive) = call.duplex().await.unwrap();
    assert!(
        timeout(Duration::from_millis(350), receive.next())
            .await
            .is_err()
    );
    send.send(text("a")).await.unwrap();
    send.finish();
    let error = soon(receive.next()).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
}

#[tokio::test]
async fn events_are_parameters_as_well() {
    let server = EventServer::start(|talk: Conversation, _| async move {
        answer(
            talk,
            &[
                ("HeartbeatEvent", r#"{"eventId": "e"}"#),
                ("LaterEvent", r#"{"a": 1}"#),
            ],
        )
        .await;
    })
    .await;
    soon(async {
        let mut params = conversation();
        params["requestEventStream"] = json!([text("a"), text("b")]);
        let output: serde_json::Value = lex(&server).call_as("StartConversation", params).await.unwrap();
        // An event without a definition keeps its name.
        assert_eq!(
            output,
            serde_json::json!({"responseEventStream": [{"HeartbeatEvent": {"eventId": "e"}}, {"LaterEvent": {"a": 1}}]})
        );
        let error = lex(&server).call("StartConversation", conversation()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Validation);
        assert!(error.to_string().contains("pass its events with"), "{error}");
        let error = lex(&server).call("DeleteSession", conversation()).events([text("a")]).await.unwrap_err();
        assert!(error.to_string().contains("the input of DeleteSession has no event stream"), "{error}");
        let error = lex(&server).call("DeleteSession", conversation()).duplex().await.unwrap_err();
        assert!(error.to_string().contains("has no event stream"), "{error}");
        let error = lex(&server).call("StartConversations", ()).duplex().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Model);
        let error = lex(&server).call("StartConversation", json!({"botId": "BOTBOTBOT1"})).duplex().await.unwrap_err();
        assert_eq!(error.problems().len(), 3, "{error}");
    })
    .await;
}

#[tokio::test]
async fn refused_streams_and_closing_connections_cost_no_attempt() {
    let server = EventServer::start(|mut talk: Conversation, number| async move {
        match number {
            0 => {
                // The event was sent, but is not processed.
                talk.next().await.unwrap().unwrap();
                talk.reset(h2::Reason::REFUSED_STREAM);
            }
            _ => {
                talk.go_away();
                answer(talk, &[("HeartbeatEvent", "{}")]).await;
            }
        }
    })
    .await;
    let lex = lex(&server);
    soon(async {
        for _ in 0..3 {
            let call = lex.call("StartConversation", conversation());
            let (mut send, mut receive) = call.duplex().await.unwrap();
            send.send(text("a")).await.unwrap();
            assert_eq!(receive.response().await.unwrap().metadata.attempts, 1);
            send.finish();
            assert!(receive.next().await.unwrap().is_ok());
            assert!(receive.next().await.is_none());
        }
    })
    .await;
    // The refused request uses its connection again; each of the others ends its own.
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn the_limit_of_streams_opens_further_connections() {
    let mut builder = h2::server::Builder::new();
    builder.max_concurrent_streams(2);
    let server = EventServer::with_builder(builder, |mut talk: Conversation, _| async move {
        talk.accept();
        while let Ok(Some(_)) = talk.next().await {
            talk.send("HeartbeatEvent", "{}").await;
        }
        talk.finish();
    })
    .await;
    let lex = lex(&server);
    soon(async {
        let mut calls = Vec::new();
        for _ in 0..6 {
            let call = lex.call("StartConversation", conversation());
            let (mut send, mut receive) = call.duplex().await.unwrap();
            send.send(text("a")).await.unwrap();
            assert!(receive.next().await.unwrap().is_ok());
            calls.push((send, receive));
        }
        for (send, receive) in &mut calls {
            send.send(text("b")).await.unwrap();
            assert!(receive.next().await.unwrap().is_ok());
        }
    })
    .await;
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn a_server_without_http2_is_named() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = [0; 1024];
                let _ = socket.read(&mut buffer).await;
                let _ = socket
                    .write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
                    .await;
            });
        }
    });
    let session = Session::builder()
        .region("us-east-1")
        .credentials(Credentials::new(KEY_ID, SECRET, None));
    let config = Config::new().endpoint_url(&url).max_attempts(1);
    let lex = session
        .config(&config)
        .build()
        .unwrap()
        .client("lexv2-runtime")
        .unwrap();
    let started = Instant::now();
    let error = soon(
        lex.call("StartConversation", conversation())
            .events([text("a")])
            .into_future(),
    )
    .await
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection, "{error:#}");
    assert!(error.to_string().contains("HTTP/2"), "{error:#}");
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn models_without_http2_use_http1() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let definition = json!({
        "metadata": {
            "apiVersion": "2017-10-26", "endpointPrefix": "talk", "protocol": "rest-json", "serviceId": "Talk",
            "signatureVersion": "v4"
        },
        "operations": {"Talk": {"name": "Talk", "http": {"method": "POST", "requestUri": "/talk"},
            "input": {"shape": "Request"}, "output": {"shape": "Response"}}},
        "shapes": {
            "Request": {"type": "structure", "payload": "Words", "members": {"Words": {"shape": "Words"}}},
            "Words": {"type": "structure", "eventstream": true, "members": {"Word": {"shape": "Word"}}},
            "Word": {"type": "structure", "event": true, "members": {"Text": {"shape": "String"}}},
            "Response": {"type": "structure", "members": {"Count": {"shape": "Integer"}}},
            "String": {"type": "string"}, "Integer": {"type": "integer"}
        }
    });
    let (_root, folder) = drop_in("talk", &definition);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"0\r\n\r\n") {
            assert!(socket.read_buf(&mut request).await.unwrap() > 0);
        }
        let body = br#"{"Count": 2}"#;
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        socket.write_all(head.as_bytes()).await.unwrap();
        socket.write_all(body).await.unwrap();
        String::from_utf8_lossy(&request).into_owned()
    });
    let client = dropped_in_client("talk", &folder, &url);
    let words = [
        json!({"Word": {"Text": "a"}}),
        json!({"Word": {"Text": "b"}}),
    ];
    let output = soon(client.call("Talk", ()).events(words).into_future())
        .await
        .unwrap();
    assert_eq!(output.value, json!({"Count": 2}));
    let request = served.await.unwrap();
    assert!(request.contains("transfer-encoding: chunked"), "{request}");
    assert!(
        request.contains("STREAMING-AWS4-HMAC-SHA256-EVENTS"),
        "{request}"
    );
}

#[tokio::test]
async fn sigv4a_signs_events_too() {
    let server = EventServer::start(|talk: Conversation, _| async move {
        answer(talk, &[("HeartbeatEvent", "{}")]).await;
    })
    .await;
    soon(async {
        let config = Config::new().signature_version("v4a");
        let lex = client("lexv2-runtime", &server, config);
        let call = lex.call("StartConversation", conversation());
        let mut output = call.events([text("a"), text("b")]).await.unwrap();
        let events = output.events.take().unwrap().collect().await.unwrap();
        assert_eq!(events.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn events_are_deserialized_on_request() {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    enum Event {
        TranscriptEvent { transcript: String },
        HeartbeatEvent {},
    }
    let server = EventServer::start(|talk: Conversation, _| async move {
        let events = [
            ("TranscriptEvent", r#"{"transcript":"hi"}"#),
            ("LaterEvent", "{}"),
            ("HeartbeatEvent", "{}"),
        ];
        answer(talk, &events).await;
    })
    .await;
    soon(async {
        let call = lex(&server).call("StartConversation", conversation());
        let (send, mut receive) = call.duplex().await.unwrap();
        send.finish();
        let event = receive.next_as::<Event>().await.unwrap().unwrap();
        assert_eq!(
            event,
            Event::TranscriptEvent {
                transcript: "hi".to_owned()
            }
        );
        let error = receive.next_as::<Event>().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Parse, "{error}");
        assert_eq!(
            receive.next_as::<Event>().await.unwrap().unwrap(),
            Event::HeartbeatEvent {}
        );
        assert!(receive.next_as::<Event>().await.is_none());
    })
    .await;
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_response_is_another_attempt() {
    let server = EventServer::start(|mut talk: Conversation, number| async move {
        let first = talk.next().await.unwrap().unwrap();
        assert_eq!(first.payload, r#"{"text":"a"}"#);
        match number {
            0 => talk.cut(),
            1 => talk.reset(h2::Reason::INTERNAL_ERROR),
            _ => answer(talk, &[("HeartbeatEvent", "{}")]).await,
        }
    })
    .await;
    soon(async {
        let call = lex(&server).call("StartConversation", conversation());
        let (mut send, mut receive) = call.duplex().await.unwrap();
        send.send(text("a")).await.unwrap();
        assert_eq!(receive.response().await.unwrap().metadata.attempts, 3);
        send.finish();
        assert!(receive.next().await.unwrap().is_ok());
        // More events than are kept are not sent again.
        let server = EventServer::start(|mut talk: Conversation, _| async move {
            for _ in 0..50 {
                talk.next().await.unwrap().unwrap();
            }
            talk.cut();
        })
        .await;
        let events = vec![text("x".repeat(10_000)); 100];
        let call = lex(&server).call("StartConversation", conversation());
        let error = call.events(events).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::Connection, 1),
            "{error:#}"
        );
        assert!(error.to_string().contains("read only once"), "{error:#}");
    })
    .await;
}

#[tokio::test]
async fn pings_find_a_connection_that_is_dead() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let mut connection = h2::server::handshake(socket).await.unwrap();
        let (_request, mut response) = connection.accept().await.unwrap().unwrap();
        let stream = response
            .send_response(http::Response::new(()), false)
            .unwrap();
        let closed = std::future::poll_fn(|context| connection.poll_closed(context));
        // The headers are written; then nothing is read or written.
        let _ = timeout(Duration::from_millis(50), closed).await;
        std::future::pending::<()>().await;
        drop::<h2::SendStream<Bytes>>(stream);
    });
    let transport = HyperTransport::new(TransportSettings {
        http2_keepalive: Some(Duration::from_millis(100)),
        ..TransportSettings::default()
    });
    let lex = Session::builder()
        .region("us-east-1")
        .credentials(Credentials::new(KEY_ID, SECRET, None))
        .endpoint_url(url)
        .transport(Arc::new(transport))
        .build()
        .unwrap()
        .client("lexv2-runtime")
        .unwrap();
    soon(async {
        let call = lex.call("StartConversation", conversation());
        let (mut send, mut receive) = call.duplex().await.unwrap();
        receive.response().await.unwrap();
        let error = receive.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Stream, "{error:#}");
        assert!(send.send(text("a")).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn http1_carries_both_directions_at_once() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let definition = json!({
        "metadata": {
            "apiVersion": "2017-10-26", "endpointPrefix": "talk", "protocol": "rest-json", "serviceId": "Talk",
            "signatureVersion": "v4"
        },
        "operations": {"Talk": {"name": "Talk", "http": {"method": "POST", "requestUri": "/talk"},
            "input": {"shape": "Talking"}, "output": {"shape": "Talking"}}},
        "shapes": {
            "Talking": {"type": "structure", "payload": "Words", "members": {"Words": {"shape": "Words"}}},
            "Words": {"type": "structure", "eventstream": true, "members": {"Word": {"shape": "Word"}}},
            "Word": {"type": "structure", "event": true, "members": {"Text": {"shape": "String"}}},
            "String": {"type": "string"}
        }
    });
    let (_root, folder) = drop_in("talk", &definition);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 8192];
        let _ = socket.read(&mut buffer).await.unwrap();
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        socket.write_all(head.as_bytes()).await.unwrap();
        let frame = event_server::message("event", ":event-type", "Word", r#"{"Text":"b"}"#)
            .encode()
            .unwrap();
        // One event for each part of the request, until it ends.
        loop {
            let read = socket.read(&mut buffer).await.unwrap();
            if read == 0 || buffer[..read].ends_with(b"0\r\n\r\n") {
                break;
            }
            socket
                .write_all(format!("{:x}\r\n", frame.len()).as_bytes())
                .await
                .unwrap();
            socket.write_all(&frame).await.unwrap();
            socket.write_all(b"\r\n").await.unwrap();
        }
        socket.write_all(b"0\r\n\r\n").await.unwrap();
    });
    soon(async {
        let client = dropped_in_client("talk", &folder, &url);
        let (mut send, mut receive) = client.call("Talk", ()).duplex().await.unwrap();
        receive.response().await.unwrap();
        for _ in 0..3 {
            send.send(json!({"Word": {"Text": "a"}})).await.unwrap();
            assert_eq!(
                receive.next().await.unwrap().unwrap(),
                json!({"Word": {"Text": "b"}})
            );
        }
        send.finish();
        assert!(receive.next().await.is_none());
    })
    .await;
}

#[tokio::test]
async fn a_call_of_the_blocking_kind_works_in_its_own_runtime() {
    let server = EventServer::start(|talk: Conversation, _| async move {
        answer(talk, &[("HeartbeatEvent", "{}")]).await;
    })
    .await;
    let url = server.url.clone();
    let (done, finished) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let builder = Session::builder()
            .region("us-east-1")
            .credentials(Credentials::new(KEY_ID, SECRET, None));
        let session = inia::blocking::Session::from_builder(builder.endpoint_url(url)).unwrap();
        let lex = session.client("lexv2-runtime").unwrap();
        let call = lex.asynchronous().call("StartConversation", conversation());
        let (mut send, receive) = session.run(call.duplex()).unwrap();
        session.run(send.send(text("a"))).unwrap();
        send.finish();
        let events = session.iterate(receive).collect::<Result<Vec<Value>>>();
        done.send(events.unwrap()).unwrap();
    });
    let events = soon(finished).await.unwrap();
    assert_eq!(events, [json!({"HeartbeatEvent": {}})]);
}

#[test]
fn calls_and_both_halves_can_be_sent_to_other_tasks() {
    fn assert_send<T: Send>(_: T) {}
    fn assert_sync<T: Send + Sync>() {}
    assert_sync::<inia::EventSender>();
    assert_send::<Option<inia::EventReceiver>>(None);
    let session = Session::builder().region("us-east-1").build().unwrap();
    let lex = session.client("lexv2-runtime").unwrap();
    assert_send(lex.call("StartConversation", ()).duplex());
    assert_send(lex.call("StartConversation", ()).events([text("a")]).send());
}
