//! A tour of the whole stack without an account: real HTTP calls to an S3 server inside this program.
//!
//! ```text
//! cargo run --release --example s3_tour
//! ```

use std::time::Instant;

use anyhow::{Context as _, Result};
use futures_util::StreamExt as _;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder as ConnectionBuilder;
use inia::{ByteStream, Credentials, Session, json};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tokio::net::TcpListener;

const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let endpoint = serve_s3(folder.path()).await?;
    println!(
        "S3 server at {endpoint}, storing in {}",
        folder.path().display()
    );

    let started = Instant::now();
    let session = Session::builder()
        .region("us-east-1")
        .credentials(Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None))
        .endpoint_url(&endpoint)
        .load()
        .await?;
    let s3 = session.client("s3")?;
    println!("S3 client ready after {:?}\n", started.elapsed());

    println!("# Buckets");
    for bucket in ["river-logs", "river-images"] {
        s3.call("CreateBucket", json!({"Bucket": bucket})).await?;
    }
    let buckets = s3.call("list_buckets", json!({})).await?;
    for bucket in buckets["Buckets"].items() {
        println!(
            "  {} created {}",
            bucket["Name"].as_str().unwrap_or_default(),
            bucket["CreationDate"].as_timestamp().unwrap_or_default()
        );
    }

    println!("# Uploads: a value, a file, a stream");
    let put = s3
        .call(
            "PutObject",
            json!({
                "Bucket": "river-logs", "Key": "a key/with spaces & ünïcode.txt", "Body": "a small object",
                "ContentType": "text/plain", "Metadata": {"team": "river"},
            }),
        )
        .await?;
    println!(
        "  from a value: ETag {}",
        put["ETag"].as_str().unwrap_or_default()
    );

    let path = folder.path().join("upload.bin");
    tokio::fs::write(&path, vec![42u8; 3_000_000]).await?;
    let body = ByteStream::from_path(&path).await?;
    s3.call(
        "PutObject",
        json!({"Bucket": "river-images", "Key": "file.bin"}),
    )
    .body(body)
    .await?;
    println!("  from a file: 3,000,000 bytes, streamed from disk");

    let upload = s3
        .call(
            "CreateMultipartUpload",
            json!({"Bucket": "river-images", "Key": "parts.bin"}),
        )
        .await?;
    let upload_id = upload["UploadId"]
        .as_str()
        .context("an upload id")?
        .to_owned();
    let mut parts = Vec::new();
    for number in 1..=2 {
        let part = s3
            .call("UploadPart", json!({"Bucket": "river-images", "Key": "parts.bin", "UploadId": &upload_id, "PartNumber": number}))
            .body(vec![number as u8; 5 * 1024 * 1024])
            .await?;
        parts.push(json!({"ETag": part["ETag"].clone(), "PartNumber": number}));
    }
    s3.call(
        "CompleteMultipartUpload",
        json!({"Bucket": "river-images", "Key": "parts.bin", "UploadId": &upload_id, "MultipartUpload": {"Parts": parts}}),
    )
    .await?;
    println!("  in two parts: 10 MiB");

    println!("# Downloads");
    let mut object = s3
        .call(
            "GetObject",
            json!({"Bucket": "river-images", "Key": "parts.bin"}),
        )
        .await?;
    let mut body = object.body.take().context("a streaming body")?;
    let (mut chunks, mut bytes) = (0, 0);
    while let Some(chunk) = body.next().await {
        chunks += 1;
        bytes += chunk?.len();
    }
    println!("  received {bytes} bytes in {chunks} chunks, never buffered as a whole");
    let object = s3
        .call(
            "GetObject",
            json!({"Bucket": "river-logs", "Key": "a key/with spaces & ünïcode.txt"}),
        )
        .collect()
        .await?;
    println!(
        "  {:?} with metadata {:?}",
        String::from_utf8_lossy(object["Body"].as_blob().unwrap_or_default()),
        object["Metadata"]["team"].as_str().unwrap_or_default()
    );

    println!("# A listing");
    for bucket in ["river-logs", "river-images"] {
        let listing = s3.call("ListObjectsV2", json!({"Bucket": bucket})).await?;
        for object in listing["Contents"].items() {
            println!(
                "  s3://{bucket}/{} ({} bytes)",
                object["Key"].as_str().unwrap_or_default(),
                object["Size"].as_i64().unwrap_or_default()
            );
        }
    }

    println!("# Errors");
    let error = s3
        .call("GetObject", json!({"Bucket": "river-logs", "Key": "nope"}))
        .await
        .err()
        .context("expected a missing key")?;
    println!("  [{}] {error}", error.kind());
    let error = s3
        .call("PutObject", json!({"Bucket": 7, "Kye": "x"}))
        .await
        .err()
        .context("bad parameters")?;
    println!("  [{}] {error}", error.kind());
    let error = s3
        .call("ListObject", json!({}))
        .await
        .err()
        .context("expected an unknown operation")?;
    println!("  [{}] {error}", error.kind());

    println!("# Cleaning up");
    for (bucket, key) in [
        ("river-logs", "a key/with spaces & ünïcode.txt"),
        ("river-images", "file.bin"),
        ("river-images", "parts.bin"),
    ] {
        s3.call("DeleteObject", json!({"Bucket": bucket, "Key": key}))
            .await?;
    }
    for bucket in ["river-logs", "river-images"] {
        s3.call("DeleteBucket", json!({"Bucket": bucket})).await?;
    }
    let left = s3.call("ListBuckets", json!({})).await?;
    println!("  {} buckets left", left["Buckets"].items().count());
    Ok(())
}

/// Starts an S3 server on a free loopback port and returns its URL.
async fn serve_s3(folder: &std::path::Path) -> Result<String> {
    let storage = FileSystem::new(folder)
        .map_err(|error| anyhow::anyhow!("cannot serve the folder: {error:?}"))?;
    let mut builder = S3ServiceBuilder::new(storage);
    builder.set_auth(SimpleAuth::from_single(ACCESS_KEY_ID, SECRET_ACCESS_KEY));
    let service = builder.build();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let service = service.clone();
            tokio::spawn(async move {
                let connection = ConnectionBuilder::new(TokioExecutor::new());
                // Errors of a connection do not affect the server.
                let _ = connection
                    .serve_connection(TokioIo::new(socket), service)
                    .await;
            });
        }
    });
    Ok(format!("http://{address}"))
}
