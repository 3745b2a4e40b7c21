//! Recorded HTTP exchanges: what is written, what is not, and how it is played back.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use inia::config::Config;
use inia::ports::BoxFuture;
use inia::protocol::Headers;
use inia::testing::{Recorder, Replayer};
use inia::transport::{Transport, WireRequest, WireResponse};
use inia::{ByteStream, Credentials, Error, ErrorKind, Result, Session, json};

const SECRET: &str = "hunter2";

/// A transport that returns canned responses.
#[derive(Debug, Default)]
struct Canned(Mutex<VecDeque<CannedResult>>);

/// Status, content type and body, or a failure.
type CannedResult = Result<(u16, &'static str, String)>;

impl Transport for Canned {
    fn send(&self, _: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        let next = self.0.lock().unwrap().pop_front().unwrap();
        Box::pin(async move {
            let (status, content_type, body) = next?;
            let headers: Headers = [("content-type", content_type), ("set-cookie", SECRET)]
                .into_iter()
                .collect();
            Ok(WireResponse {
                status,
                headers,
                body: ByteStream::from(body),
            })
        })
    }
}

fn session(transport: Arc<dyn Transport>) -> Result<Session> {
    let config = Config::new().retry_mode(inia::config::RetryMode::Standard);
    Session::builder()
        .region("us-east-1")
        .credentials(Credentials::new("AKIDEXAMPLE", SECRET, Some(SECRET)))
        .config(&config)
        .transport(transport)
        .build()
}

/// Records the calls of `run` and returns the recording.
async fn record<F: Future<Output = Result<()>>>(
    responses: Vec<Result<(u16, &'static str, String)>>,
    run: impl FnOnce(Session) -> F,
) -> Result<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recording.jsonl");
    let recorder = Recorder::create(&path)?;
    let canned = Canned(Mutex::new(responses.into()));
    run(session(recorder.wrap(Arc::new(canned)))?).await?;
    Ok(std::fs::read_to_string(path).unwrap())
}

fn json_response(body: &str) -> Result<(u16, &'static str, String)> {
    Ok((200, "application/json", body.to_owned()))
}

fn xml_response(body: &str) -> Result<(u16, &'static str, String)> {
    Ok((200, "text/xml", body.to_owned()))
}

async fn calls_of_four_protocols(session: Session) -> Result<()> {
    let sqs = session.client("sqs")?;
    let queues = sqs
        .call("ListQueues", json!({"QueueNamePrefix": "a"}))
        .await?;
    assert_eq!(queues["QueueUrls"][0], "https://q/a");
    let assumed =
        json!({"RoleArn": "arn:aws:iam::123456789012:role/reader", "RoleSessionName": "test"});
    let sts = session.client("sts")?.call("AssumeRole", assumed).await?;
    assert_eq!(sts["Credentials"]["AccessKeyId"], "ASIA");
    let secret = json!({"SecretId": "db", "SecretString": SECRET, "ClientRequestToken": uuid()});
    let stored = session
        .client("secretsmanager")?
        .call("PutSecretValue", secret)
        .await?;
    assert_eq!(stored["Name"], "db");
    let object = json!({"Bucket": "logs", "Key": "a b"});
    session
        .client("s3")?
        .call("PutObject", object.clone())
        .body(ByteStream::from("text"))
        .await?;
    let got = session
        .client("s3")?
        .call("GetObject", object)
        .collect()
        .await?;
    assert_eq!(got["Body"].as_blob(), Some(&b"content"[..]));
    let password = json!({"MasterUserPassword": SECRET, "DBInstanceIdentifier": "db"});
    session
        .client("rds")?
        .call("ModifyDBInstance", password)
        .await?;
    Ok(())
}

fn uuid() -> String {
    format!("{:032x}", fastrand::u128(..))
}

fn responses_of_four_protocols() -> Vec<Result<(u16, &'static str, String)>> {
    vec![
        json_response(r#"{"QueueUrls":["https://q/a"]}"#),
        xml_response(&format!(
            "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey><SessionToken>{SECRET}</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
        )),
        json_response(r#"{"Name":"db","VersionStages":["AWSCURRENT"]}"#),
        xml_response(""),
        Ok((200, "text/plain", "content".to_owned())),
        xml_response(
            "<ModifyDBInstanceResponse><ModifyDBInstanceResult/></ModifyDBInstanceResponse>",
        ),
    ]
}

#[tokio::test]
async fn recordings_contain_no_secret_and_play_back() -> Result<()> {
    let recording = record(responses_of_four_protocols(), calls_of_four_protocols).await?;
    assert_eq!(recording.lines().count(), 6);
    assert!(!recording.contains(SECRET), "{recording}");
    assert!(!recording.contains("Signature="), "{recording}");
    assert!(
        recording.contains(r#""service":"secretsmanager","operation":"PutSecretValue""#),
        "{recording}"
    );

    // Another signature, another secret and another idempotency token are the same requests.
    let replayer = Replayer::parse(&recording)?;
    calls_of_four_protocols(session(Arc::new(replayer.clone()))?).await?;
    replayer.verify()?;
    let replayer = Replayer::parse(&recording)?.by_operation();
    calls_of_four_protocols(session(Arc::new(replayer.clone()))?).await?;
    replayer.verify()
}

#[tokio::test]
async fn strict_replay_names_the_difference() -> Result<()> {
    let list = |prefix: &'static str| {
        move |session: Session| async move {
            session
                .client("sqs")?
                .call("ListQueues", json!({"QueueNamePrefix": prefix}))
                .await?;
            Ok(())
        }
    };
    let recording = record(vec![json_response("{}")], list("a")).await?;
    let replayer = Replayer::parse(&recording)?;
    let play = || session(Arc::new(replayer.clone()));
    let error = list("b")(play()?).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Config, 0));
    assert!(
        error
            .message()
            .contains(r#"recorded {"QueueNamePrefix":"a"}, sent {"QueueNamePrefix":"b"}"#),
        "{error}"
    );
    let error = play()?
        .client("sqs")?
        .call("GetQueueUrl", json!({"QueueName": "a"}))
        .await
        .unwrap_err();
    assert!(
        error
            .message()
            .contains("the next recorded request is sqs ListQueues"),
        "{error}"
    );
    assert!(
        replayer
            .verify()
            .unwrap_err()
            .message()
            .contains("sqs ListQueues")
    );
    list("a")(play()?).await?;
    let error = list("a")(play()?).await.unwrap_err();
    assert!(
        error
            .message()
            .contains("no further exchange for sqs ListQueues"),
        "{error}"
    );
    replayer.verify()
}

#[tokio::test]
async fn failed_attempts_are_recorded_and_retried_again() -> Result<()> {
    let list = |session: Session| async move {
        let output = session.client("sqs")?.call("ListQueues", ()).await?;
        assert_eq!(output.metadata.attempts, 3);
        Ok(())
    };
    let responses = vec![
        Ok((503, "text/plain", String::new())),
        Err(Error::new(ErrorKind::Connection, "connection reset")),
        json_response("{}"),
    ];
    let recording = record(responses, list).await?;
    assert!(
        recording.contains(r#""error":{"kind":"connection","message":"connection reset"}"#),
        "{recording}"
    );
    let replayer = Replayer::parse(&recording)?;
    list(session(Arc::new(replayer.clone()))?).await?;
    replayer.verify()
}

#[tokio::test]
async fn sensitive_members_are_kept_on_request() -> Result<()> {
    let invoke = |session: Session| async move {
        let params = json!({"FunctionName": "f", "Payload": "{\"in\":1}"});
        session
            .client("lambda")?
            .call("Invoke", params)
            .collect()
            .await
            .map(drop)
    };
    let responses = || vec![json_response(r#"{"out":2}"#)];
    let recording = record(responses(), invoke).await?;
    assert!(!recording.contains("out"), "{recording}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recording.jsonl");
    let recorder = Recorder::create(&path)?.keep(["Payload"]);
    invoke(session(
        recorder.wrap(Arc::new(Canned(Mutex::new(responses().into())))),
    )?)
    .await?;
    let recording = std::fs::read_to_string(&path).unwrap();
    assert!(
        recording.contains(r#"{\"in\":1}"#) && recording.contains(r#"{\"out\":2}"#),
        "{recording}"
    );
    let replayer = Replayer::open(&path)?.keep(["Payload"]);
    let output = session(Arc::new(replayer))?
        .client("lambda")?
        .call(
            "Invoke",
            json!({"FunctionName": "f", "Payload": "{\"in\":1}"}),
        )
        .collect()
        .await?;
    assert_eq!(output["Payload"].as_blob(), Some(&br#"{"out":2}"#[..]));
    Ok(())
}

#[test]
fn broken_recordings_are_errors_with_their_line() {
    let error = Replayer::parse("\n{\"service\":1}\n").unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::Parse, "line 2: request is missing")
    );
    let error = Replayer::open("no/such/file").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}
