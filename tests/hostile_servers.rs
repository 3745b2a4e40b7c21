//! Servers that send invalid responses, stop early, stay silent or never finish: each causes an error of the right
//! kind, in bounded time. Unusual responses that can be read are read.

use std::io::Write as _;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use inia::config::Config;
use inia::{ByteStream, ErrorKind, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

mod raw_server;

use raw_server::{
    CALL_LIMIT, SHORT, client, failure, list_queues, read_head, server, server_sending,
};

#[tokio::test(flavor = "multi_thread")]
async fn invalid_responses_are_errors() {
    const LONG: &[u8] = &[b'a'; 1 << 20];
    let cases: &[(&str, &[u8], ErrorKind)] = &[
        ("nothing", b"", ErrorKind::Connection),
        (
            "no HTTP",
            b"220 mail.example ESMTP\r\n",
            ErrorKind::Connection,
        ),
        (
            "noise",
            b"\x16\x03\x01\x00\xff\x00\x01",
            ErrorKind::Connection,
        ),
        (
            "an invalid status",
            b"HTTP/1.1 twohundred OK\r\n\r\n",
            ErrorKind::Connection,
        ),
        (
            "a truncated header section",
            b"HTTP/1.1 200 OK\r\ncontent-le",
            ErrorKind::Connection,
        ),
        ("an endless header section", LONG, ErrorKind::Connection),
        (
            "an invalid length",
            b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n{}",
            ErrorKind::Connection,
        ),
        (
            "a truncated body",
            b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"QueueUrls\":[",
            ErrorKind::Stream,
        ),
        (
            "a huge length",
            b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999\r\n\r\n{}",
            ErrorKind::Stream,
        ),
        (
            "a truncated chunk",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{",
            ErrorKind::Stream,
        ),
        (
            "an invalid chunk length",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n{}",
            ErrorKind::Stream,
        ),
        (
            "a truncated document",
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{\"",
            ErrorKind::Parse,
        ),
        (
            "HTML",
            b"HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n<html>hello</html",
            ErrorKind::Parse,
        ),
    ];
    for (name, response, expected) in cases {
        let port = server_sending(response).await;
        let error = failure(port).await;
        assert_eq!(error.kind(), *expected, "{name}: {error}");
    }
    // An error status is a service error even if the body is not valid.
    for body in ["", "{", "<html>", "\0\u{1}"] {
        let response = format!(
            "HTTP/1.1 400 Bad Request\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let error = failure(server_sending(response.leak().as_bytes()).await).await;
        assert_eq!(error.kind(), ErrorKind::Service, "{body:?}: {error}");
        assert_eq!(error.service().unwrap().http_status, 400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_ends_with_the_read_timeout() {
    // Before the response, within its headers, and within its body.
    for response in [
        "",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{",
    ] {
        let (port, _) = server(move |mut socket| async move {
            read_head(&mut socket).await;
            let _ = socket.write_all(response.as_bytes()).await;
            tokio::time::sleep(CALL_LIMIT).await;
        })
        .await;
        let error = failure(port).await;
        assert_eq!(error.kind(), ErrorKind::Timeout, "{response:?}: {error}");
        assert!(error.to_string().contains("300ms"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_handshake_ends_with_the_connect_timeout() {
    let (port, _) = server(|socket| async move {
        tokio::time::sleep(CALL_LIMIT).await;
        drop(socket);
    })
    .await;
    let config = Config::new()
        .connect_timeout(SHORT)
        .read_timeout(CALL_LIMIT);
    let error = list_queues(&format!("https://localhost:{port}"), config)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn unreachable_servers_are_connection_errors() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    assert_eq!(failure(port).await.kind(), ErrorKind::Connection);
    // The `.invalid` domain is reserved and never resolves.
    let config = Config::new().read_timeout(CALL_LIMIT);
    let error = list_queues("http://missing.invalid", config)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    // TLS with a server that does not support it.
    let (port, _) = server(|mut socket| async move {
        let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let _ = socket.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let error = list_queues(&format!("https://localhost:{port}"), Config::new())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_connection_is_retried() {
    let (port, count) = server(|mut socket| async move {
        read_head(&mut socket).await;
    })
    .await;
    let config = Config::new().max_attempts(3);
    let error = list_queues(&format!("http://127.0.0.1:{port}"), config)
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connection, 3));
    assert_eq!(count.load(Ordering::SeqCst), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_streaming_body_is_a_stream_error() {
    let port = server_sending(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf").await;
    let s3 = client("s3", &format!("http://127.0.0.1:{port}"), Config::new());
    let call = s3.call("GetObject", json!({"Bucket": "b", "Key": "k"}));
    let mut body = call.await.unwrap().body.unwrap();
    assert_eq!(body.next().await.unwrap().unwrap(), "half");
    let error = body.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stream);
    assert_eq!(
        error.to_string(),
        format!("127.0.0.1:{port}: the response body ended after 4 of 100 bytes")
    );
    assert!(error.is_retryable());
    assert!(body.next().await.is_none());
}

/// Reads a request at 40 MB per second at most, then responds.
async fn read_slowly(mut socket: TcpStream) {
    let head = read_head(&mut socket).await;
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse::<u64>().unwrap());
    let mut read = 0;
    while read < length {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let mut part = (&mut socket).take(length.min(read + (4 << 20)) - read);
        let taken = tokio::io::copy(&mut part, &mut tokio::io::sink()).await;
        read += taken.unwrap();
    }
    let _ = socket
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_upload_does_not_time_out() {
    const TIMEOUT: Duration = Duration::from_secs(1);
    // Data in the kernel's send buffer counts as sent, so the body is much larger than the buffer.
    const LENGTH: usize = 120 << 20;
    let (port, _) = server(read_slowly).await;
    let config = Config::new().read_timeout(TIMEOUT);
    let s3 = client("s3", &format!("http://127.0.0.1:{port}"), config);
    let put = || s3.call("PutObject", json!({"Bucket": "b", "Key": "k"}));
    put().body(Bytes::from(vec![7; LENGTH])).await.unwrap();
    // A slow source must not cause a read timeout either.
    let late = stream::once(async {
        tokio::time::sleep(TIMEOUT * 2).await;
        Ok(Bytes::from_static(b"late"))
    });
    put()
        .header("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
        .body(ByteStream::from_stream(late, Some(4)))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_that_is_cut_off_is_retried() {
    let (port, count) = server(|mut socket| async move {
        read_head(&mut socket).await;
        let response = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{";
        let _ = socket.write_all(response).await;
    })
    .await;
    let config = Config::new().max_attempts(3);
    let error = list_queues(&format!("http://127.0.0.1:{port}"), config)
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Stream, 3));
    assert_eq!(count.load(Ordering::SeqCst), 3);
}

/// Responds to HeadObject with the given header lines.
async fn head_object(lines: &str) -> inia::Result<inia::Output> {
    let response = format!("HTTP/1.1 200 OK\r\n{lines}\r\n");
    let port = server_sending(response.leak().as_bytes()).await;
    let s3 = client("s3", &format!("http://127.0.0.1:{port}"), Config::new());
    s3.call("HeadObject", json!({"Bucket": "b", "Key": "k"}))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_with_120_metadata_headers_can_be_read() {
    let lines: String = (0..120)
        .map(|number| format!("x-amz-meta-m{number}: {number}\r\n"))
        .collect();
    let output = head_object(&lines).await.unwrap();
    assert_eq!(output["Metadata"].as_map().unwrap().len(), 120);
    assert_eq!(output["Metadata"]["m119"], "119");

    // The headers are bounded: in number, and to 1 MiB.
    for lines in [
        "x-a: b\r\n".repeat(2100),
        format!("x-amz-meta-a: {}\r\n", "a".repeat(1 << 20)),
    ] {
        let error = head_object(&lines).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
    }
    let long = format!("x-amz-meta-a: {}\r\n", "a".repeat(900 << 10));
    let output = head_object(&long).await.unwrap();
    assert_eq!(output["Metadata"]["a"].as_str().unwrap().len(), 900 << 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_botocore_can_read_do_not_break_a_call() {
    for (lines, expected) in [
        ("x-amz-meta-a: 1\r\nx-amz-meta-a: 2\r\n", "1, 2"),
        (
            "x-amz-meta-a: 1\r\nx-b: 0\r\nX-Amz-Meta-A: 2\r\nx-amz-meta-a: \u{eb}\r\n",
            "1, 2, \u{eb}",
        ),
        ("x-amz-meta-a: 1\r\n 2\r\n", "1   2"),
        ("x-amz-meta-a : 1\r\n", "1"),
        ("no colon here\r\nx-amz-meta-a: 1\r\n", "1"),
        ("\u{1}: x\r\nx-amz-meta-a:1\r\n", "1"),
        ("X-AMZ-META-A: 1\n", "1"),
    ] {
        let output = head_object(lines)
            .await
            .unwrap_or_else(|error| panic!("{lines:?}: {error}"));
        let value = output["Metadata"]["a"].as_str().unwrap();
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words(value), words(expected), "{lines:?}");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Starts a server with a gzip body, which returns the request's `accept-encoding` in the request id.
async fn compressing_server(status: &'static str, body: &'static [u8]) -> String {
    let (port, _) = server(move |mut socket| async move {
        let head = read_head(&mut socket).await;
        let accepted = head
            .lines()
            .find_map(|line| line.strip_prefix("accept-encoding: "))
            .unwrap_or_default();
        let body = gzip(body);
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-encoding: gzip\r\nx-amzn-requestid: {accepted}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let _ = socket.write_all(head.as_bytes()).await;
        let _ = socket.write_all(&body).await;
        let _ = socket.read_to_end(&mut Vec::new()).await;
    })
    .await;
    format!("http://127.0.0.1:{port}")
}

#[tokio::test(flavor = "multi_thread")]
async fn responses_compressed_unasked_are_decoded() {
    let url = compressing_server("200 OK", b"{\"QueueUrls\":[\"u\"]}").await;
    let output = list_queues(&url, Config::new()).await.unwrap();
    assert_eq!(output["QueueUrls"][0], "u");
    assert_eq!(output.metadata.request_id.as_deref(), Some("identity"));

    let error = b"{\"__type\":\"QueueDoesNotExist\",\"message\":\"gone\"}";
    let url = compressing_server("400 Bad Request", error).await;
    let error = list_queues(&url, Config::new()).await.unwrap_err();
    assert_eq!(error.service().unwrap().message, "gone");

    // A stored object is returned as it is.
    let url = compressing_server("200 OK", b"object").await;
    let s3 = client("s3", &url, Config::new());
    let call = s3.call("GetObject", json!({"Bucket": "b", "Key": "k"}));
    let output = call.collect().await.unwrap();
    assert_eq!(output["Body"].as_blob().unwrap().to_vec(), gzip(b"object"));
    assert_eq!(output["ContentEncoding"], "gzip");

    // So is a payload whose encoding is in the output.
    let url = compressing_server("200 OK", b"profile").await;
    let profiler = client("codeguruprofiler", &url, Config::new());
    let output = profiler
        .call("GetProfile", json!({"profilingGroupName": "g"}))
        .collect()
        .await
        .unwrap();
    assert_eq!(output["contentEncoding"], "gzip");
    assert_eq!(
        output["profile"].as_blob().unwrap().to_vec(),
        gzip(b"profile")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn responses_over_the_limit_are_stream_errors() {
    let body = format!("{{\"QueueUrls\":[\"{}\"]}}", "u".repeat(5000));
    let response = |status: &str, body: &str| {
        let length = body.len();
        let text = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}");
        text.leak().as_bytes()
    };
    let port = server_sending(response("200 OK", &body)).await;
    let url = format!("http://127.0.0.1:{port}");
    let error = list_queues(&url, Config::new().max_response_bytes(1000).max_attempts(3))
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Stream, 1));
    assert!(
        error.to_string().contains("longer than 1000 bytes"),
        "{error}"
    );
    assert!(list_queues(&url, Config::new()).await.is_ok());

    // The decompressed size counts.
    let bomb: &[u8] = vec![b' '; 100_000].leak();
    let url = compressing_server("200 OK", bomb).await;
    let error = list_queues(&url, Config::new().max_response_bytes(1000))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stream, "{error}");

    // Error responses are limited to 1 MiB.
    let port = server_sending(response("400 Bad Request", &"x".repeat((1 << 20) + 1))).await;
    let error = failure(port).await;
    assert_eq!(error.kind(), ErrorKind::Stream, "{error}");
    assert_eq!(error.http_status(), Some(400));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_part_of_an_endpoint_url_is_understood() {
    for url in [
        "http://127.0.0.1:99999",
        "http://127.0.0.1:80abc",
        "http://127.0.0.1:0",
        "http://user:hush@127.0.0.1:1",
        "http://127.0.0.1:1?x=hush",
        "http://127.0.0.1:1#hush",
        "http://[fe80::1%25eth0]:1",
        "http://h\u{f6}st:1",
        "127.0.0.1:1",
        "ftp://127.0.0.1:1",
    ] {
        let session = inia::Session::builder()
            .region("us-east-1")
            .endpoint_url(url)
            .build()
            .unwrap();
        let error = session.client("sqs").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{url}");
        assert!(error.to_string().contains("endpoint_url"), "{error}");
        assert!(!error.to_string().contains("hush"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_signed_host_is_the_host_that_is_sent() {
    let (port, _) = server(|mut socket| async move {
        let head = read_head(&mut socket).await;
        let host = head
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .unwrap_or_default();
        let response =
            format!("HTTP/1.1 200 OK\r\nx-amzn-requestid: {host}\r\ncontent-length: 2\r\n\r\n{{}}");
        let _ = socket.write_all(response.as_bytes()).await;
    })
    .await;
    let output = list_queues(&format!("HTTP://LOCALHOST:{port}"), Config::new())
        .await
        .unwrap();
    let host = output.metadata.request_id.unwrap();
    assert_eq!(host, format!("localhost:{port}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_names_the_own_region_is_not_sent_again() {
    for (region, requests) in [("us-east-1", 1), ("eu-west-1", 2)] {
        let response = format!(
            "HTTP/1.1 400 Bad Request\r\nx-amz-bucket-region: {region}\r\ncontent-length: 0\r\n\r\n"
        );
        let response: &[u8] = response.leak().as_bytes();
        let (port, count) = server(move |mut socket| async move {
            read_head(&mut socket).await;
            let _ = socket.write_all(response).await;
        })
        .await;
        let s3 = client("s3", &format!("http://127.0.0.1:{port}"), Config::new());
        let call = s3.call("HeadBucket", json!({"Bucket": "b"}));
        let error = call.send().await.unwrap_err();
        assert_eq!(error.http_status(), Some(400), "{error}");
        assert_eq!(count.load(Ordering::SeqCst), requests, "{region}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_early_refusal_of_an_upload_is_a_service_error() {
    const REFUSAL: &[u8] =
        b"HTTP/1.1 403 Forbidden\r\ncontent-length: 33\r\n\r\n<Error><Code>Denied</Code></Error>";
    for closes in [false, true] {
        let (port, count) = server(move |mut socket| async move {
            read_head(&mut socket).await;
            let _ = socket.write_all(REFUSAL).await;
            if !closes {
                // Does not read the body.
                tokio::time::sleep(CALL_LIMIT).await;
            }
        })
        .await;
        let s3 = client("s3", &format!("http://127.0.0.1:{port}"), Config::new());
        for number in 1..=2 {
            let put = s3.call("PutObject", json!({"Bucket": "b", "Key": "k"}));
            let put = put.header("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
            let error = put.body(Bytes::from(vec![7; 8 << 20])).send().await;
            let error = error.unwrap_err();
            assert_eq!(error.http_status(), Some(403), "{closes}: {error}");
            assert_eq!(count.load(Ordering::SeqCst), number);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn response_longer_than_its_content_length_is_a_stream_error() {
    const BODY: &str = "{\"QueueUrls\":[\"q\"]}";
    let long = format!("{BODY}, and more");
    let long_number = format!("Content-Length: {}", BODY.len());
    for head in [
        format!("HTTP/1.1 200 OK\r\n{long_number}\r\n\r\n"),
        format!("HTTP/1.0 200 OK\r\n{long_number}\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\n{long_number}\r\nConnection: close\r\n\r\n"),
        format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n{long_number}\r\n\r\n"),
        format!("HTTP/1.1 200 OK\n{long_number}\n\n"),
        format!("HTTP/1.1 400 Bad Request\r\n{long_number}\r\n\r\n"),
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned(),
    ] {
        let port = server_sending(format!("{head}{long}").leak().as_bytes()).await;
        let error = failure(port).await;
        assert_eq!(error.kind(), ErrorKind::Stream, "{head}: {error}");
        assert!(error.to_string().contains("is longer than the"), "{error}");
        assert!(error.is_retryable() && error.http_status().is_some());

        // The exact length is read.
        if !head.contains("Length: 0") && !head.contains("400") {
            let port = server_sending(format!("{head}{BODY}").leak().as_bytes()).await;
            let url = format!("http://127.0.0.1:{port}");
            let output = list_queues(&url, Config::new()).await.unwrap();
            assert_eq!(output["QueueUrls"], json!(["q"]), "{head}");
        }
    }

    let port = server_sending(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhalf of it").await;
    let s3 = client("s3", &format!("http://127.0.0.1:{port}"), Config::new());
    let call = s3.call("GetObject", json!({"Bucket": "b", "Key": "k"}));
    let mut body = call.await.unwrap().body.unwrap();
    assert_eq!(body.next().await.unwrap().unwrap(), "half");
    let error = body.next().await.unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "127.0.0.1:{port}: the response body is longer than the 4 bytes of its content-length"
        )
    );
    assert!(body.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn length_that_is_stated_twice_is_one_number() {
    for lines in [
        "content-length: 7\r\ncontent-length: 7\r\n",
        "content-length: 7, 7\r\n",
        "Content-Length: 7\r\nx-a: b\r\nCONTENT-LENGTH: 7\r\n",
    ] {
        let output = head_object(lines).await.unwrap();
        assert_eq!(output["ContentLength"], json!(7), "{lines:?}");
    }
}
