//! Requests to S3 and to stores that resemble it: the `s3_compatible` options, metadata, customer keys and region redirects.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use inia::config::Config;
use inia::ports::BoxFuture;
use inia::{
    Blob, ByteStream, Client, Credentials, ErrorKind, Result, Session, Value, json,
    protocol::Headers, transport::Transport, transport::WireBody, transport::WireRequest,
    transport::WireResponse,
};

mod fakes;

use fakes::{FakeEnv, FakePorts, block_on};

/// A request as the server sees it: method, URL, headers and body.
type Received = (String, String, Headers, Bytes);
type Reply = (u16, Vec<(&'static str, String)>, &'static str);

/// A server in memory with one response for all requests.
#[derive(Debug)]
struct Server {
    reply: Reply,
    requests: Mutex<Vec<Received>>,
}

impl Server {
    fn new(status: u16, headers: &[(&'static str, &str)], body: &'static str) -> Arc<Self> {
        let headers = headers
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        Arc::new(Server {
            reply: (status, headers.collect(), body),
            requests: Mutex::default(),
        })
    }

    fn client(self: &Arc<Self>, config: Config) -> Client {
        Session::builder()
            .host(FakePorts::new(FakeEnv::default(), 1_767_323_045).host())
            .region("eu-west-1")
            .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
            .config(&config)
            .transport(self.clone())
            .build()
            .unwrap()
            .client("s3")
            .unwrap()
    }

    fn requests(&self) -> Vec<Received> {
        self.requests.lock().unwrap().clone()
    }

    /// Returns the headers of the only request.
    fn headers(&self) -> Headers {
        let requests = self.requests();
        assert_eq!(requests.len(), 1);
        requests[0].2.clone()
    }
}

impl Transport for Server {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        Box::pin(async move {
            let body = match request.body {
                WireBody::Bytes(bytes) => bytes,
                WireBody::Stream(stream) => stream.collect(1 << 20).await?,
            };
            let method = request.method.to_string();
            let received = (method, request.url, request.headers, body);
            self.requests.lock().unwrap().push(received);
            let (status, headers, body) = self.reply.clone();
            Ok(WireResponse {
                status,
                headers: headers.into_iter().collect(),
                body: ByteStream::from(body),
            })
        })
    }
}

fn store() -> Config {
    Config::new()
        .endpoint_url("https://minio:9000")
        .s3_compatible()
}

fn delete() -> Value {
    json!({"Bucket": "b", "Delete": {"Objects": [{"Key": "k"}]}})
}

#[test]
fn s3_compatible_stores_get_content_md5_where_a_checksum_is_required() {
    let server = Server::new(200, &[], "<DeleteResult></DeleteResult>");
    let s3 = server.client(store());
    block_on(s3.call("DeleteObjects", delete()).send()).unwrap();
    let (_, url, headers, body) = server.requests().remove(0);
    assert_eq!(url, "https://minio:9000/b?delete");
    let body = std::str::from_utf8(&body).unwrap().to_owned();
    assert!(body.contains("<Key>k</Key>"));
    assert_eq!(headers.get("content-md5").unwrap().len(), 24);
    for name in ["x-amz-checksum-crc32", "x-amz-sdk-checksum-algorithm"] {
        assert_eq!(headers.get(name), None, "{name}");
    }

    // A chosen algorithm takes precedence.
    let server = Server::new(200, &[], "<DeleteResult></DeleteResult>");
    let mut params = delete();
    params
        .as_map_mut()
        .unwrap()
        .insert("ChecksumAlgorithm", "SHA256");
    block_on(server.client(store()).call("DeleteObjects", params).send()).unwrap();
    assert!(server.headers().contains("x-amz-checksum-sha256"));
    assert!(!server.headers().contains("content-md5"));

    let server = Server::new(200, &[], "<DeleteResult></DeleteResult>");
    block_on(
        server
            .client(Config::new())
            .call("DeleteObjects", delete())
            .send(),
    )
    .unwrap();
    assert!(server.headers().contains("x-amz-checksum-crc32"));
    assert!(!server.headers().contains("content-md5"));
}

#[test]
fn s3_compatible_stores_get_no_trailers() {
    let server = Server::new(200, &[], "");
    let s3 = server.client(store());
    let params = json!({"Bucket": "my-bucket", "Key": "k"});
    let stream = || {
        let chunks = futures_util::stream::iter([Ok(Bytes::from_static(b"abc"))]);
        ByteStream::from_stream(chunks, Some(3))
    };
    block_on(s3.call("PutObject", params.clone()).body(stream()).send()).unwrap();
    let (_, url, headers, body) = server.requests().remove(0);
    assert_eq!(
        (&*url, &*body),
        ("https://minio:9000/my-bucket/k", &b"abc"[..])
    );
    for name in [
        "x-amz-trailer",
        "content-encoding",
        "x-amz-checksum-crc32",
        "transfer-encoding",
    ] {
        assert_eq!(headers.get(name), None, "{name}");
    }

    // An explicit algorithm is sent as a header, which a stream cannot have.
    let mut chosen = params.clone();
    chosen
        .as_map_mut()
        .unwrap()
        .insert("ChecksumAlgorithm", "SHA1");
    block_on(s3.call("PutObject", chosen.clone()).body("abc").send()).unwrap();
    let (_, _, headers, body) = server.requests().remove(1);
    assert!(headers.contains("x-amz-checksum-sha1") && body == "abc");
    let error = block_on(s3.call("PutObject", chosen).body(stream()).send()).unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Validation, 0));
    assert!(
        error.to_string().contains("s3.checksum_trailers"),
        "{error}"
    );
}

#[test]
fn s3_compatible_stores_do_not_redirect() {
    for (status, headers) in [
        (307, vec![("location", "http://other/")]),
        (301, vec![("x-amz-bucket-region", "us-west-2")]),
    ] {
        let server = Server::new(status, &headers, "");
        let call = server
            .client(store())
            .call("HeadObject", json!({"Bucket": "b", "Key": "k"}));
        let error = block_on(call.send()).unwrap_err();
        assert_eq!(
            (error.kind(), error.http_status()),
            (ErrorKind::Service, Some(status))
        );
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn options_that_are_set_win_over_the_preset() {
    let server = Server::new(200, &[], "");
    let config = Config::new()
        .s3(inia::config::S3Config::new().content_md5(false))
        .s3_compatible();
    block_on(server.client(config).call("DeleteObjects", delete()).send()).unwrap_err();
    assert!(!server.requests()[0].2.contains("content-md5"));
}

#[test]
fn error_that_names_the_region_of_the_client_is_not_sent_again() {
    let server = Server::new(400, &[("x-amz-bucket-region", "eu-west-1")], "");
    let call = server
        .client(Config::new())
        .call("HeadObject", json!({"Bucket": "b", "Key": "k"}));
    let error = block_on(call.send()).unwrap_err();
    assert_eq!(
        (error.http_status(), server.requests().len()),
        (Some(400), 1)
    );
}

#[test]
fn metadata_may_be_any_text() {
    let metadata = json!({"author": "Zoë ✓", "plain": "text", "word": "=?UTF-8?B?eA==?="});
    for operation in ["PutObject", "CopyObject", "CreateMultipartUpload"] {
        let server = Server::new(200, &[], "<CopyObjectResult></CopyObjectResult>");
        let mut params = json!({"Bucket": "b", "Key": "k", "Metadata": metadata.clone()});
        if operation == "CopyObject" {
            params.as_map_mut().unwrap().insert("CopySource", "b/j");
        }
        block_on(server.client(Config::new()).call(operation, params).send()).unwrap();
        let headers = server.headers();
        assert_eq!(headers.get("x-amz-meta-plain"), Some("text"));
        assert_eq!(
            headers.get("x-amz-meta-author"),
            Some("=?UTF-8?B?Wm/DqyDinJM=?=")
        );
        let word = headers.get("x-amz-meta-word").unwrap().to_owned();

        let returned = [
            ("x-amz-meta-author", "=?UTF-8?B?Wm/DqyDinJM=?="),
            ("x-amz-meta-plain", "text"),
            ("x-amz-meta-word", &word),
        ];
        for operation in ["GetObject", "HeadObject"] {
            let server = Server::new(200, &returned, "");
            let call = server
                .client(Config::new())
                .call(operation, json!({"Bucket": "b", "Key": "k"}));
            let output = block_on(call.send()).unwrap();
            assert_eq!(output["Metadata"], metadata);
        }
    }
    let server = Server::new(200, &[], "");
    let params = json!({"Bucket": "b", "Key": "k", "Metadata": {"é": "x"}});
    let error = block_on(
        server
            .client(Config::new())
            .call("PutObject", params)
            .send(),
    )
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation);
    assert_eq!(error.problems()[0].path, "Metadata.é");
}

#[test]
fn customer_keys_may_be_binary() {
    let key = Blob::from(vec![0xff; 32]);
    let encoded = "//////////////////////////////////////////8=";
    for md5 in [None, Some("DjR8jU5xbPgkA9DNoiMbPw==")] {
        let server = Server::new(200, &[], "");
        let mut params = json!({"Bucket": "b", "Key": "k", "SSECustomerAlgorithm": "AES256"});
        let map = params.as_map_mut().unwrap();
        map.insert("SSECustomerKey", key.clone());
        if let Some(md5) = md5 {
            map.insert("SSECustomerKeyMD5", md5);
        }
        block_on(
            server
                .client(Config::new())
                .call("GetObject", params)
                .send(),
        )
        .unwrap();
        let headers = server.headers();
        let header = |name: &str| {
            headers
                .get(&format!("x-amz-server-side-encryption-customer-{name}"))
                .unwrap()
                .to_owned()
        };
        assert_eq!(header("key"), encoded);
        assert_eq!(header("key-md5").len(), 24);
        if let Some(md5) = md5 {
            assert_eq!(header("key-md5"), md5);
        }
    }
    // With its MD5, a text is the encoded key.
    let server = Server::new(200, &[], "");
    let params = json!({"Bucket": "b", "Key": "k", "SSECustomerAlgorithm": "AES256", "SSECustomerKey": encoded, "SSECustomerKeyMD5": "x"});
    block_on(
        server
            .client(Config::new())
            .call("GetObject", params)
            .send(),
    )
    .unwrap();
    assert_eq!(
        server
            .headers()
            .get("x-amz-server-side-encryption-customer-key"),
        Some(encoded)
    );
}
