//! Listings, deletions, and keys of every kind.

use std::sync::{Arc, Mutex};

use futures_util::{StreamExt as _, TryStreamExt as _};
use inia::json;
use inia::transfer::{
    ClientTransfers as _, CopySource, DeleteTarget, LocalEntry, LocalListing,
    ResourceTransfers as _, SyncChange, SyncDirection, SyncEntry, SyncOptions, SyncPlan,
    TransferManager, local_path,
};

use crate::folder_server::{FolderServer, client, pattern};
use crate::part_server::{Fault, PartServer};

async fn keys(transfers: &TransferManager, bucket: &str, prefix: &str) -> Vec<String> {
    let objects: Vec<_> = transfers.list(bucket, prefix).try_collect().await.unwrap();
    objects
        .into_iter()
        .map(|object| object.key.to_string())
        .collect()
}

#[tokio::test]
async fn listings_are_complete_and_in_order() {
    let server = PartServer::start(|_, _| Fault::None);
    let transfers = TransferManager::new(&client(&server.url));
    let mut expected = Vec::new();
    for folder in ["a", "b/c", "b/d", "e", "é &+"] {
        for number in 0..250 {
            expected.push(format!("{folder}/{number:04}"));
        }
    }
    expected.extend((0..120).map(|number| format!("b-{number}")));
    expected.extend(["b".to_owned(), "z".to_owned(), "b/".to_owned()]);
    for key in &expected {
        server.put(key, b"");
    }
    expected.sort();
    assert_eq!(keys(&transfers, "b", "").await, expected);
    let under_b: Vec<String> = expected
        .iter()
        .filter(|key| key.starts_with("b/"))
        .cloned()
        .collect();
    assert_eq!(keys(&transfers, "b", "b/").await, under_b);
    assert_eq!(keys(&transfers, "b", "nothing").await, Vec::<String>::new());
    let one_at_a_time = transfers.clone().concurrency(1);
    assert_eq!(keys(&one_at_a_time, "b", "").await, expected);
    let after = transfers.list_with("b", "", json!({"StartAfter": "é", "max_keys": 10}));
    assert_eq!(after.count().await, 250);
}

#[tokio::test]
async fn objects_are_deleted_by_the_thousand() {
    let server = PartServer::start(|_, _| Fault::None);
    let transfers = TransferManager::new(&client(&server.url));
    for number in 0..2500 {
        server.put(&format!("k/{number}"), b"");
    }
    server.put("k/denied", b"");
    let seen: Arc<Mutex<(usize, usize)>> = Arc::default();
    let counter = Arc::clone(&seen);
    let listed = transfers
        .list("b", "k/")
        .map(|object| Ok(DeleteTarget::from(object?.key)));
    let output = transfers
        .delete_with("b", listed, move |deleted, failed| {
            let mut seen = counter.lock().unwrap();
            seen.0 += deleted.len();
            seen.1 += failed.len();
        })
        .await
        .unwrap();
    assert_eq!((output.deleted, output.failed), (2500, 1));
    assert_eq!(output.failures[0].target, DeleteTarget::from("k/denied"));
    assert_eq!(output.failures[0].code, "AccessDenied");
    assert_eq!(*seen.lock().unwrap(), (2500, 1));
    let mut sizes = server.contents().deletions.clone();
    sizes.sort_unstable();
    assert_eq!(sizes, [501, 1000, 1000]);
    assert_eq!(server.contents().objects.len(), 1);
}

#[tokio::test]
async fn odd_keys_come_back_as_they_are() {
    let server = FolderServer::start().await;
    let s3 = server.client_with_bucket("river").await;
    let folder = tempfile::tempdir().unwrap();
    for key in [
        "plain",
        "a b",
        "a+b",
        "a&b=c",
        "100%",
        "%41",
        "é",
        "日本",
        "q?x",
        "#hash",
        "quote\"'",
        "a;b:c@d$e,f",
        "tilde~",
        "[x]{y}|z^",
        "back\\slash",
        "emoji 🐬",
        "a/b/c",
        "(x)",
        "!*'",
        "dot.",
        ".hidden",
    ] {
        s3.upload_fileobj(key.to_owned(), "river", key)
            .await
            .unwrap_or_else(|error| panic!("{key}: {error:#}"));
        let target = local_path(folder.path(), key).unwrap();
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        s3.download_file("river", key, &target)
            .await
            .unwrap_or_else(|error| panic!("{key}: {error:#}"));
        assert_eq!(std::fs::read_to_string(&target).unwrap(), key);
        s3.copy(
            CopySource::new("river", key),
            "river",
            format!("copy of {key}"),
        )
        .await
        .unwrap_or_else(|error| panic!("{key}: {error:#}"));
    }
    let transfers = TransferManager::new(&s3);
    let listed = keys(&transfers, "river", "copy of ").await;
    assert!(
        listed.contains(&"copy of emoji 🐬".to_owned()),
        "{listed:?}"
    );
    assert_eq!(listed.len(), 21);
}

#[tokio::test]
async fn clients_and_resources_have_the_methods_of_boto3() {
    let server = FolderServer::start().await;
    let s3 = server.client_with_bucket("river").await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f");
    std::fs::write(&path, "hello").unwrap();
    s3.upload_file(&path, "river", "one").await.unwrap();
    let resource = s3.resource().unwrap();
    let bucket = resource.get("Bucket", ["river"]).unwrap();
    bucket.upload_file(&path, "two").await.unwrap();
    bucket
        .copy(CopySource::new("river", "two"), "three")
        .await
        .unwrap();
    let object = bucket.get("Object", ["three"]).unwrap();
    let target = folder.path().join("three");
    object.download_file((), &target).await.unwrap();
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "hello");
    object.upload_fileobj("changed", ()).await.unwrap();
    let (writer, reader) = tokio::io::duplex(64);
    bucket.download_fileobj("three", writer).await.unwrap();
    let body = inia::ByteStream::from_reader(reader, None);
    assert_eq!(body.collect(100).await.unwrap(), "changed");
    for (error, message) in [
        (
            bucket.upload_file(&path, ()).await.unwrap_err(),
            "transfers of a bucket require a key",
        ),
        (
            object.upload_file(&path, "k").await.unwrap_err(),
            "the object has its own key",
        ),
        (
            resource.upload_file(&path, "k").await.unwrap_err(),
            "has no transfers",
        ),
    ] {
        assert!(error.to_string().contains(message), "{error}");
    }
}

/// Lists the steps of a synchronization, makes them, and returns their number.
async fn synchronize(
    transfers: &TransferManager,
    folder: &std::path::Path,
    direction: SyncDirection,
) -> usize {
    let local = LocalListing::new(folder, true).try_filter_map(|entry| async move {
        Ok(match entry {
            LocalEntry::File(file) => Some(SyncEntry::from(file)),
            LocalEntry::Skipped(_) => None,
        })
    });
    let remote = transfers
        .list("b", "sync/")
        .try_filter_map(|object| async move { Ok(SyncEntry::of_object(object, "sync/")) });
    let options = SyncOptions::new(direction).delete(true).size_only(true);
    let plan = match direction {
        SyncDirection::Download => SyncPlan::new(remote, local, options),
        _ => SyncPlan::new(local, remote, options),
    };
    let steps: Vec<_> = plan.try_collect().await.unwrap();
    let steps: Vec<_> = steps
        .into_iter()
        .filter(|step| step.change != SyncChange::Keep)
        .collect();
    for step in &steps {
        let key = format!("sync/{}", step.key());
        let path = local_path(folder, step.key()).unwrap();
        match (step.change, direction) {
            (SyncChange::Delete, SyncDirection::Download) => std::fs::remove_file(path).unwrap(),
            (SyncChange::Delete, _) => {
                let targets = futures_util::stream::iter([Ok(key.into())]);
                transfers.delete("b", targets).await.unwrap();
            }
            (_, SyncDirection::Download) => {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                transfers.download_file("b", key, path).await.unwrap();
            }
            _ => {
                transfers.upload_file(path, "b", key).await.unwrap();
            }
        }
    }
    steps.len()
}

#[tokio::test]
async fn a_second_synchronization_has_nothing_to_do() {
    let server = PartServer::start(|_, _| Fault::None);
    let transfers = TransferManager::new(&client(&server.url));
    let one = tempfile::tempdir().unwrap();
    let two = tempfile::tempdir().unwrap();
    for number in 0..150 {
        let path = one.path().join(format!("{}/{number}", number % 7));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, pattern(number)).unwrap();
    }
    server.put("sync/extra", b"x");
    assert_eq!(
        synchronize(&transfers, one.path(), SyncDirection::Upload).await,
        151
    );
    assert_eq!(
        synchronize(&transfers, one.path(), SyncDirection::Upload).await,
        0
    );
    assert_eq!(
        synchronize(&transfers, two.path(), SyncDirection::Download).await,
        150
    );
    assert_eq!(
        synchronize(&transfers, two.path(), SyncDirection::Download).await,
        0
    );
    assert!(std::fs::read(two.path().join("3/101")).unwrap() == pattern(101));
    let same = transfers.has_same_contents("b", "sync/3/101", two.path().join("3/101"));
    assert!(same.await.unwrap());
    let other = transfers.has_same_contents("b", "sync/3/101", two.path().join("3/108"));
    assert!(!other.await.unwrap());
}

#[tokio::test]
async fn ten_thousand_small_files_are_transferred() {
    const FILES: usize = 10_000;
    let server = PartServer::start(|_, _| Fault::None);
    let transfers = TransferManager::new(&client(&server.url));
    let uploads = futures_util::stream::iter(0..FILES).map(|number| {
        let body = format!("contents of {number}");
        transfers
            .upload_fileobj(body, "b", format!("small/{number}"))
            .start()
    });
    let sent = uploads
        .buffer_unordered(32)
        .try_fold(0, |sum, output| async move { Ok(sum + output.parts) });
    assert_eq!(sent.await.unwrap() as usize, FILES);
    assert_eq!(server.contents().objects.len(), FILES);
    assert_eq!(
        server.get("small/1234").unwrap().as_slice(),
        b"contents of 1234"
    );
}
