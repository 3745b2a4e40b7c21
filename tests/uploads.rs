//! Request bodies on the wire: their length, streams that are longer or shorter than stated, and bodies of unknown length.

use bytes::Bytes;
use inia::config::Config;
use inia::{ByteStream, Client, Credentials, ErrorKind, Result, Session, json};

mod loopback;

use loopback::{Server, response};

fn client(server: &Server, service: &str) -> Client {
    Session::builder()
        .region("us-east-1")
        .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
        .endpoint_url(server.url.clone())
        .config(&Config::new().max_attempts(2))
        .build()
        .unwrap()
        .client(service)
        .unwrap()
}

fn empty() -> Server {
    Server::start(|_| response(200, ""))
}

fn stream(chunks: &[&'static str], length: Option<u64>) -> ByteStream {
    let chunks: Vec<Result<Bytes>> = chunks
        .iter()
        .map(|chunk| Ok(Bytes::from_static(chunk.as_bytes())))
        .collect();
    ByteStream::from_stream(futures_util::stream::iter(chunks), length)
}

#[tokio::test]
async fn empty_bodies_state_their_length() {
    let server = Server::start(|request| match request.method.as_str() {
        "GET" | "HEAD" => response(200, ""),
        _ => response(200, "{}"),
    });
    for (service, operation, params) in [
        ("s3", "PutObject", json!({"Bucket": "b", "Key": "dir/"})),
        ("s3", "CreateBucket", json!({"Bucket": "b"})),
        (
            "s3",
            "UploadPart",
            json!({"Bucket": "b", "Key": "k", "UploadId": "u", "PartNumber": 1}),
        ),
        ("lambda", "Invoke", json!({"FunctionName": "f"})),
        ("apigateway", "UpdateAccount", json!({})),
        ("s3", "DeleteObject", json!({"Bucket": "b", "Key": "k"})),
        ("s3", "HeadObject", json!({"Bucket": "b", "Key": "k"})),
    ] {
        client(&server, service)
            .call(operation, params)
            .send()
            .await
            .unwrap_or_else(|error| panic!("{operation}: {error:#}"));
    }
    let lengths: Vec<(String, Option<String>)> = server
        .requests()
        .iter()
        .map(|request| {
            (
                request.method.clone(),
                request.header("content-length").map(str::to_owned),
            )
        })
        .collect();
    for (method, length) in &lengths {
        match method.as_str() {
            "HEAD" => assert_eq!(*length, None),
            _ => assert!(length.is_some(), "{lengths:?}"),
        }
    }
    let copy =
        Server::start(|_| response(200, "<CopyObjectResult><ETag>x</ETag></CopyObjectResult>"));
    client(&copy, "s3")
        .call(
            "CopyObject",
            json!({"Bucket": "b", "Key": "k", "CopySource": "b/j"}),
        )
        .send()
        .await
        .unwrap();
    assert_eq!(copy.requests()[0].header("content-length"), Some("0"));
}

#[tokio::test]
async fn uploads_of_another_length_than_stated_fail() {
    for chunks in [
        ["ab", "cd", "e"].as_slice(),
        &["abcde"],
        &["abc"],
        &["ab"],
        &[],
    ] {
        for (service, operation, params) in [
            ("s3", "PutObject", json!({"Bucket": "b", "Key": "k"})),
            (
                "lex-runtime",
                "PostContent",
                json!({"botName": "b", "botAlias": "a", "userId": "us", "contentType": "text/plain"}),
            ),
        ] {
            // The end of a request that is too short never arrives.
            let server = empty();
            let call = client(&server, service)
                .call(operation, params)
                .body(stream(chunks, Some(4)));
            let error = call.send().await.unwrap_err();
            assert_eq!(
                (error.kind(), error.attempts()),
                (ErrorKind::Stream, 1),
                "{error}"
            );
            assert!(error.to_string().contains("stated 4 bytes"), "{error}");
            assert!(
                server.requests().is_empty(),
                "{chunks:?}: {:?}",
                server.requests()
            );
        }
    }
}

#[tokio::test]
async fn length_in_the_parameters_must_be_that_of_the_body() {
    let server = empty();
    let s3 = client(&server, "s3");
    let params = json!({"Bucket": "b", "Key": "k", "ContentLength": 3});
    for body in [ByteStream::from("four"), stream(&["four"], Some(4))] {
        let error = s3
            .call("PutObject", params.clone())
            .body(body)
            .send()
            .await
            .unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Validation, 0));
        assert!(
            error.to_string().contains("is 3, but the body has 4 bytes"),
            "{error}"
        );
    }
    let in_params = json!({"Bucket": "b", "Key": "k", "ContentLength": 3, "Body": "four"});
    let error = s3.call("PutObject", in_params).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation);
    let error = s3
        .call("PutObject", params.clone())
        .body(stream(&["fo", "ur"], None))
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stream);
    assert!(server.requests().is_empty());

    // A stream of unknown length has the length in the parameters.
    s3.call("PutObject", params)
        .body(stream(&["a", "bc"], None))
        .send()
        .await
        .unwrap();
    let request = &server.requests()[0];
    assert_eq!(request.header("x-amz-decoded-content-length"), Some("3"));
    assert!(
        request.body.starts_with("3\r\nabc\r\n0\r\n"),
        "{}",
        request.body
    );
}

#[tokio::test]
async fn short_bodies_of_unknown_length_are_buffered_for_s3() {
    let server = empty();
    let s3 = client(&server, "s3");
    s3.call("PutObject", json!({"Bucket": "b", "Key": "k"}))
        .body(stream(&["ab", "c"], None))
        .send()
        .await
        .unwrap();
    let request = &server.requests()[0];
    assert_eq!(request.header("transfer-encoding"), None);
    assert_eq!(request.header("content-length"), Some("3"));
    assert_eq!(request.body, "abc");
}

#[tokio::test]
async fn long_bodies_of_unknown_length_are_refused_before_sending() {
    let server = empty();
    let s3 = client(&server, "s3");
    let chunk = Bytes::from(vec![0; 1 << 20]);
    let endless = futures_util::stream::repeat_with(move || Ok(chunk.clone()));
    let call = s3
        .call(
            "UploadPart",
            json!({"Bucket": "b", "Key": "k", "UploadId": "u", "PartNumber": 1}),
        )
        .body(ByteStream::from_stream(endless, None));
    let error = call.send().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Validation, 0));
    assert!(error.to_string().contains("set ContentLength"), "{error}");
    assert!(server.requests().is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn pipes_are_uploaded() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let status = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(status.unwrap().success());
    let writer = pipe.clone();
    let writing = std::thread::spawn(move || std::fs::write(writer, "from a pipe"));
    let body = ByteStream::from_path(&pipe).await.unwrap();
    let server = empty();
    client(&server, "s3")
        .call("PutObject", json!({"Bucket": "b", "Key": "k"}))
        .body(body)
        .send()
        .await
        .unwrap();
    writing.join().unwrap().unwrap();
    assert_eq!(server.requests()[0].body, "from a pipe");
}
