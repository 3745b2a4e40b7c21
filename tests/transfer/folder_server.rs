//! An S3 server over a folder.

use std::path::Path;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder as ConnectionBuilder;
use inia::{Client, Credentials, Session, json};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// A server, and the folder of its objects.
pub(crate) struct FolderServer {
    pub(crate) url: String,
    pub(crate) folder: TempDir,
}

impl FolderServer {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut builder = S3ServiceBuilder::new(FileSystem::new(folder.path()).unwrap());
        builder.set_auth(SimpleAuth::from_single("AKIDEXAMPLE", "secret"));
        let service = builder.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
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
        FolderServer { url, folder }
    }

    pub(crate) fn client(&self) -> Client {
        client(&self.url)
    }

    /// Returns a client, and makes a bucket.
    pub(crate) async fn client_with_bucket(&self, bucket: &str) -> Client {
        let client = self.client();
        let params = json!({"Bucket": bucket});
        client.call("CreateBucket", params).await.unwrap();
        client
    }

    /// Returns the names of files in the server's root that are parts of uploads.
    pub(crate) fn parts(&self) -> Vec<String> {
        names(self.folder.path())
            .into_iter()
            .filter(|name| name.starts_with(".upload"))
            .collect()
    }
}

/// Returns a client of a server on loopback.
pub(crate) fn client(url: &str) -> Client {
    Session::builder()
        .region("us-east-1")
        .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
        .endpoint_url(url)
        .build()
        .unwrap()
        .client("s3")
        .unwrap()
}

/// Returns the names in a folder, sorted.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Returns bytes that differ from place to place.
pub(crate) fn pattern(length: usize) -> Vec<u8> {
    const BLOCK: usize = 4093;
    let block: Vec<u8> = (0..BLOCK as u64)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 11) as u8)
        .collect();
    let mut data = block.repeat(length.div_ceil(BLOCK));
    data.truncate(length);
    for (number, place) in data.chunks_mut(BLOCK).enumerate() {
        for (place, byte) in place.iter_mut().zip(number.to_le_bytes()) {
            *place = byte;
        }
    }
    data
}
