//! Transfers against moto, if its environment is there.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use inia::json;
use inia::transfer::{CopySource, TransferManager};

use crate::folder_server::{client, pattern};

const MIB: usize = 1 << 20;

/// A moto server.
struct Moto {
    child: Child,
    url: String,
}

/// The program: starts the server on a free port, and prints its URL.
const PROGRAM: &str = "
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address='127.0.0.1', port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
print(f'http://{host}:{port}', flush=True)
sys.stdin.read()
";

impl Moto {
    fn start() -> Option<Self> {
        let peers = std::env::var_os("INIA_PEERS").map_or_else(
            || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers"),
            Into::into,
        );
        let python = peers.join("venv/bin/python");
        if !python.exists() {
            assert!(
                std::env::var_os("CI").is_none(),
                "CI=true: moto is required"
            );
            return None;
        }
        let mut child = Command::new(python)
            .args(["-c", PROGRAM])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut url = String::new();
        let out = child.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut url).unwrap();
        assert!(url.starts_with("http://"), "moto did not start: {url:?}");
        Some(Moto {
            child,
            url: url.trim().to_owned(),
        })
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn moto_stores_and_returns_transfers() {
    let Some(moto) = Moto::start() else {
        eprintln!("moto is not available");
        return;
    };
    let s3 = client(&moto.url);
    s3.call("CreateBucket", json!({"Bucket": "river"}))
        .await
        .unwrap();
    let transfers = TransferManager::new(&s3)
        .part_size(5 << 20)
        .multipart_threshold(6 << 20);
    let folder = tempfile::tempdir().unwrap();
    for length in [0, 100, 11 * MIB + 1] {
        let data = pattern(length);
        let (source, target) = (folder.path().join("source"), folder.path().join("target"));
        std::fs::write(&source, &data).unwrap();
        let key = format!("a b/é+{length}");
        let upload = transfers
            .upload_file(&source, "river", &key)
            .extra_args(json!({
                "ContentType": "text/river", "Metadata": {"team": "boto"}, "Tagging": "colour=pink",
            }));
        upload
            .await
            .unwrap_or_else(|error| panic!("{length}: {error:#}"));
        transfers
            .copy(CopySource::new("river", key.as_str()), "river", "copy")
            .await
            .unwrap_or_else(|error| panic!("{length}: {error:#}"));
        let received = transfers
            .download_file("river", "copy", &target)
            .await
            .unwrap_or_else(|error| panic!("{length}: {error:#}"));
        assert!(std::fs::read(&target).unwrap() == data, "{length}");
        assert_eq!(received.value["ContentType"], "text/river", "{length}");
        assert_eq!(received.value["Metadata"]["team"], "boto", "{length}");
        let same = transfers
            .has_same_contents("river", &key, &source)
            .await
            .unwrap();
        assert!(same || length > 6 * MIB, "{length}");
    }
    let uploads = s3
        .call("ListMultipartUploads", json!({"Bucket": "river"}))
        .await
        .unwrap();
    assert_eq!(uploads["Uploads"].items().count(), 0);
    use futures_util::StreamExt as _;
    let listed = transfers
        .list("river", "")
        .map(|object| Ok(object?.key.into()));
    let output = transfers.delete("river", listed).await.unwrap();
    assert_eq!((output.deleted, output.failed), (4, 0));
}
