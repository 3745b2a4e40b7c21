//! Objects of every size and from every source arrive as they were sent.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use inia::transfer::{Progress, TransferManager};
use inia::{ByteStream, ErrorKind, json};

use crate::folder_server::{FolderServer, names, pattern};

const MIB: usize = 1 << 20;

#[tokio::test]
async fn files_of_every_size_arrive_and_come_back() {
    let server = FolderServer::start().await;
    let s3 = server.client_with_bucket("river").await;
    let transfers = TransferManager::new(&s3)
        .part_size(5 << 20)
        .multipart_threshold(6 << 20);
    let folder = tempfile::tempdir().unwrap();
    for length in [0, 1, 5 * MIB, 10 * MIB + 3] {
        let data = pattern(length);
        let source = folder.path().join("source");
        std::fs::write(&source, &data).unwrap();
        let key = format!("size/{length}");
        let sent = transfers
            .upload_file(&source, "river", &key)
            .extra_args(json!({"content_type": "text/river", "Metadata": {"team": "boto"}}))
            .await
            .unwrap_or_else(|error| panic!("{length}: {error:#}"));
        assert_eq!(sent.bytes, length as u64);
        let parts = if length < 6 * MIB {
            1
        } else {
            length.div_ceil(5 * MIB)
        };
        assert_eq!(sent.parts as usize, parts, "{length}");
        let target = folder.path().join("target");
        let received = transfers
            .download_file("river", &key, &target)
            .await
            .unwrap_or_else(|error| panic!("{length}: {error:#}"));
        assert_eq!(
            (received.bytes, received.parts as usize),
            (length as u64, parts)
        );
        assert!(std::fs::read(&target).unwrap() == data, "{length}");
        assert_eq!(received.value["Metadata"]["team"], "boto", "{length}");
    }
    assert_eq!(names(folder.path()), ["source", "target"]);
    assert!(server.parts().is_empty(), "{:?}", server.parts());
}

#[tokio::test]
async fn streams_of_unknown_length_are_uploaded_in_parts() {
    let server = FolderServer::start().await;
    let s3 = server.client_with_bucket("river").await;
    let transfers = TransferManager::new(&s3).part_size(5 << 20);
    for (length, chunk) in [
        (0, 100),
        (5, 2),
        (5 * MIB, 100_000),
        (5 * MIB + 1, 7 * MIB),
        (11 * MIB, 100_000),
    ] {
        let data = pattern(length);
        let key = format!("stream/{length}");
        {
            let chunks: Vec<_> = data
                .chunks(chunk)
                .map(Bytes::copy_from_slice)
                .map(Ok)
                .collect();
            let body = ByteStream::from_stream(futures_util::stream::iter(chunks), None);
            let sent = transfers.upload_fileobj(body, "river", &key).await;
            let sent = sent.unwrap_or_else(|error| panic!("{length}: {error:#}"));
            let parts = length.div_ceil(5 * MIB).max(1);
            assert_eq!((sent.bytes, sent.parts as usize), (length as u64, parts));
            let (writer, reader) = tokio::io::duplex(1 << 16);
            let received = tokio::spawn(async move {
                ByteStream::from_reader(reader, None).collect(1 << 30).await
            });
            transfers
                .download_fileobj("river", &key, writer)
                .await
                .unwrap_or_else(|error| panic!("{length}: {error:#}"));
            assert!(received.await.unwrap().unwrap() == data, "{length}");
        }
    }
}

#[tokio::test]
async fn bytes_are_written_at_any_position() {
    struct Memory(Mutex<Vec<u8>>);
    impl inia::transfer::WriteAt for Memory {
        fn write_all_at(&self, bytes: &[u8], offset: u64) -> std::io::Result<()> {
            let offset = offset as usize;
            self.0.lock().unwrap()[offset..offset + bytes.len()].copy_from_slice(bytes);
            Ok(())
        }
    }
    let server = FolderServer::start().await;
    let s3 = server.client_with_bucket("river").await;
    let transfers = TransferManager::new(&s3);
    let data = pattern(9 * MIB);
    transfers
        .upload_fileobj(data.clone(), "river", "k")
        .await
        .unwrap();
    let memory = Arc::new(Memory(Mutex::new(vec![0; data.len()])));
    transfers
        .download_to("river", "k", Arc::clone(&memory))
        .await
        .unwrap();
    assert!(*memory.0.lock().unwrap() == data);
}

#[tokio::test]
async fn progress_is_a_value_a_stream_and_a_callback() {
    let server = FolderServer::start().await;
    let s3 = server.client_with_bucket("river").await;
    let transfers = TransferManager::new(&s3);
    let seen: Arc<Mutex<Vec<Progress>>> = Arc::default();
    let callback = Arc::clone(&seen);
    let transfer = transfers
        .upload_fileobj(pattern(9 * MIB), "river", "k")
        .on_progress(move |progress| callback.lock().unwrap().push(*progress))
        .start();
    let mut stream = transfer.progress_stream();
    let streamed = tokio::spawn(async move {
        let mut last = None;
        while let Some(progress) = stream.next().await {
            last = Some(progress);
        }
        last.unwrap()
    });
    transfer.await.unwrap();
    let last = streamed.await.unwrap();
    assert_eq!(
        (last.bytes, last.total, last.parts),
        (9 << 20, Some(9 << 20), 2)
    );
    let seen = seen.lock().unwrap();
    assert!(seen.len() >= 3 && seen.is_sorted_by_key(|progress| progress.bytes));
    assert_eq!(seen.last().map(|progress| progress.parts), Some(2));
}

#[tokio::test]
async fn mistakes_in_arguments_are_reported_before_anything_is_sent() {
    let server = FolderServer::start().await;
    let transfers = TransferManager::new(&server.client());
    for (arguments, message) in [
        (
            json!({"ContentTyp": "x"}),
            "ContentTyp: unknown argument; did you mean ContentType?",
        ),
        (json!({"Body": "x"}), "Body: is set by the transfer itself"),
        (json!([]), "the extra arguments must be a map, got list"),
    ] {
        let upload = transfers
            .upload_fileobj("x", "river", "k")
            .extra_args(arguments);
        let error = upload.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Validation);
        assert!(error.to_string().contains(message), "{error}");
    }
    let missing = transfers
        .upload_file("/no/such/file", "river", "k")
        .await
        .unwrap_err();
    assert!(
        format!("{missing:#}").contains("/no/such/file"),
        "{missing:#}"
    );
    let error = transfers
        .download_file("river", "missing", "/no/such/folder/file")
        .await;
    assert_eq!(error.unwrap_err().code(), Some("NoSuchKey"));
}

#[test]
fn programs_without_async_transfer_too() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(FolderServer::start());
    let session = inia::blocking::Session::from_builder(
        inia::Session::builder()
            .region("us-east-1")
            .credentials(inia::Credentials::new("AKIDEXAMPLE", "secret", None))
            .endpoint_url(server.url.clone()),
    )
    .unwrap();
    let s3 = session.client("s3").unwrap();
    s3.call("CreateBucket", json!({"Bucket": "river"})).unwrap();
    let transfers = TransferManager::new(s3.asynchronous());
    let folder = tempfile::tempdir().unwrap();
    let (source, target) = (folder.path().join("a"), folder.path().join("b"));
    std::fs::write(&source, "hello").unwrap();
    session
        .run(transfers.upload_file(&source, "river", "k"))
        .unwrap();
    session
        .run(transfers.download_file("river", "k", &target))
        .unwrap();
    assert_eq!(std::fs::read(&target).unwrap(), b"hello");
    assert_eq!(session.iterate(transfers.list("river", "")).count(), 1);
    let files = inia::transfer::LocalListing::new(folder.path(), true);
    assert_eq!(session.iterate(files).count(), 2);
}
