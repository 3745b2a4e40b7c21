//! Failures: cut connections, throttling, changes, cancellation, kills.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use inia::transfer::{CopySource, TransferConfig, TransferManager};
use inia::{ByteStream, ErrorKind, json};

use crate::folder_server::{client, names, pattern};
use crate::part_server::{Fault, PartServer};

const MIB: usize = 1 << 20;

fn manager(server: &PartServer) -> TransferManager {
    let config = TransferConfig::new()
        .part_size(5 << 20)
        .multipart_threshold(6 << 20)
        .retry_delay(Duration::from_millis(1));
    TransferManager::with_config(&client(&server.url), config)
}

fn no_faults() -> PartServer {
    PartServer::start(|_, _| Fault::None)
}

#[tokio::test]
async fn transfers_finish_although_their_connections_are_cut_fifty_times() {
    let cuts = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&cuts);
    let server = PartServer::start(move |head, _| {
        let is_body = ["UploadPart", "GetObject"].contains(&head.operation());
        // Every third request passes, so that each part is cut and sent again.
        match counter.fetch_add(usize::from(is_body), Ordering::Relaxed) {
            number if is_body && number % 3 != 2 && number < 100 => {
                Fault::Cut(30_000 + number * 1000)
            }
            _ => Fault::None,
        }
    });
    let transfers = manager(&server);
    let data = pattern(21 * MIB);
    for _ in 0..3 {
        transfers
            .upload_fileobj(data.clone(), "b", "k")
            .await
            .unwrap();
        assert!(*server.get("k").unwrap() == data);
    }
    cuts.store(0, Ordering::Relaxed);
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("k");
    while cuts.load(Ordering::Relaxed) < 100 {
        transfers.download_file("b", "k", &target).await.unwrap();
        assert!(std::fs::read(&target).unwrap() == data);
    }
    assert_eq!(names(folder.path()), ["k"]);
}

#[tokio::test]
async fn throttling_slows_transfers_down_and_does_not_fail_them() {
    let server = PartServer::start(|_, earlier| match earlier {
        0..12 => Fault::Error(503, "SlowDown"),
        _ => Fault::None,
    });
    let transfers = manager(&server);
    let data = pattern(11 * MIB);
    transfers
        .upload_fileobj(data.clone(), "b", "k")
        .await
        .unwrap();
    let target = tempfile::NamedTempFile::new().unwrap();
    transfers
        .download_file("b", "k", target.path())
        .await
        .unwrap();
    assert!(std::fs::read(target.path()).unwrap() == data);
}

#[tokio::test]
async fn permanent_errors_end_the_upload_and_remove_its_parts() {
    let server = PartServer::start(|head, earlier| match head.operation() {
        "UploadPart" if earlier >= 1 => Fault::Error(403, "AccessDenied"),
        _ => Fault::None,
    });
    let error = manager(&server)
        .upload_fileobj(pattern(21 * MIB), "b", "k")
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some("AccessDenied"), "{error:#}");
    assert_eq!((server.open_uploads(), server.aborted()), (0, 1));
    let broken = ByteStream::from_stream(
        futures_util::stream::iter([
            Ok(pattern(7 * MIB).into()),
            Err(inia::Error::new(ErrorKind::Stream, "the source failed")),
        ]),
        None,
    );
    let server = no_faults();
    let error = manager(&server)
        .upload_fileobj(broken, "b", "k")
        .await
        .unwrap_err();
    assert_eq!(error.message(), "the source failed");
    assert_eq!((server.open_uploads(), server.aborted()), (0, 1));
}

#[tokio::test]
async fn a_lost_response_to_the_completion_is_not_a_failure() {
    let server = PartServer::start(|head, earlier| match head.operation() {
        "CompleteMultipartUpload" if earlier == 0 => Fault::Lost,
        _ => Fault::None,
    });
    let data = pattern(11 * MIB);
    let sent = manager(&server)
        .upload_fileobj(data.clone(), "b", "k")
        .await
        .unwrap();
    assert_eq!(
        sent.value["ContentLength"].as_u64(),
        Some(data.len() as u64)
    );
    assert_eq!(server.aborted(), 0);
}

#[tokio::test]
async fn an_object_that_changes_while_it_is_downloaded_is_an_error() {
    let server = no_faults();
    server.put("k", &pattern(21 * MIB));
    let transfers = manager(&server).concurrency(1);
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("k");
    std::fs::write(&target, "old").unwrap();
    let changer = server.clone();
    let changed = AtomicUsize::new(0);
    let error = transfers
        .download_file("b", "k", &target)
        .on_progress(move |progress| {
            if progress.parts == 1 && changed.fetch_add(1, Ordering::Relaxed) == 0 {
                changer.put("k", &pattern(21 * MIB));
            }
        })
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stream);
    assert!(
        error
            .to_string()
            .contains("s3://b/k: the object was changed"),
        "{error}"
    );
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "old");
    assert_eq!(names(folder.path()), ["k"]);
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_uploaded_is_an_error() {
    let server = no_faults();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f");
    std::fs::write(&path, pattern(21 * MIB)).unwrap();
    for shorter in [false, true] {
        let changed = path.clone();
        let once = AtomicUsize::new(0);
        let error = manager(&server)
            .concurrency(1)
            .upload_file(&path, "b", "k")
            .on_progress(move |progress| {
                if progress.parts == 1 && once.fetch_add(1, Ordering::Relaxed) == 0 {
                    let file = std::fs::OpenOptions::new()
                        .write(true)
                        .open(&changed)
                        .unwrap();
                    file.set_len(if shorter { 100 } else { 22 << 20 }).unwrap();
                }
            })
            .await
            .unwrap_err();
        assert!(
            error.to_string().contains("the file was changed"),
            "{error}"
        );
        assert_eq!(server.open_uploads(), 0);
        assert!(server.get("k").is_none());
    }
}

#[tokio::test]
async fn corrupt_downloads_are_refused() {
    let server = no_faults();
    server.put("k", &pattern(12 * MIB));
    {
        let mut contents = server.contents();
        let stored = contents.objects.get_mut("k").unwrap();
        let mut data = stored.data.to_vec();
        data[9 * MIB] ^= 1;
        stored.data = Arc::new(data);
    }
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("k");
    let error = manager(&server)
        .download_file("b", "k", &target)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("checksum mismatch"), "{error}");
    assert!(names(folder.path()).is_empty());
    let (writer, mut reader) = tokio::io::duplex(1 << 20);
    let drain = tokio::spawn(async move {
        tokio::io::copy(&mut reader, &mut tokio::io::sink())
            .await
            .unwrap();
    });
    let error = manager(&server)
        .download_fileobj("b", "k", writer)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("checksum mismatch"), "{error}");
    drain.await.unwrap();
}

#[tokio::test]
async fn composite_checksums_are_verified_if_the_parts_have_one_size() {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use inia_dispatch::detail::{Algorithm, Hasher};

    let server = no_faults();
    let data = pattern(17 * MIB);
    server.put("k", &data);
    let mut digests = Hasher::new(Algorithm::Crc64Nvme);
    for part in data.chunks(7 * MIB) {
        let mut hasher = Hasher::new(Algorithm::Crc64Nvme);
        hasher.update(part);
        digests.update(&hasher.digest());
    }
    let composite = format!("{}-3", BASE64_STANDARD.encode(digests.digest()));
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("k");
    for (checksum, is_right) in [
        (composite.clone(), true),
        ("AAAAAAAAAAA=-3".to_owned(), false),
    ] {
        {
            let mut contents = server.contents();
            let stored = contents.objects.get_mut("k").unwrap();
            stored.part_size = Some(7 * MIB);
            stored.checksum = checksum;
        }
        match manager(&server).download_file("b", "k", &target).await {
            Ok(output) => assert!(is_right && output.parts == 3),
            Err(error) => {
                assert!(
                    !is_right && error.to_string().contains("checksum mismatch"),
                    "{error}"
                );
            }
        }
    }
    // Parts of several sizes cannot be told, so they are not verified.
    server.contents().objects.get_mut("k").unwrap().part_size = Some(4 * MIB);
    manager(&server)
        .download_file("b", "k", &target)
        .await
        .unwrap();
    assert!(std::fs::read(&target).unwrap() == data);
}

#[tokio::test]
async fn cancelled_transfers_leave_nothing_behind() {
    let server = PartServer::start(|head, _| match head.operation() {
        "UploadPart" | "GetObject" => Fault::Delay(Duration::from_millis(50)),
        _ => Fault::None,
    });
    server.put("d", &pattern(21 * MIB));
    let transfers = manager(&server).concurrency(1);
    let folder = tempfile::tempdir().unwrap();
    let upload = transfers
        .upload_fileobj(pattern(21 * MIB), "b", "k")
        .start();
    let download = transfers
        .download_file("b", "d", folder.path().join("d"))
        .start();
    for (transfer, name) in [(upload, "upload"), (download, "download")] {
        let control = transfer.control();
        while transfer.progress().parts == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        control.pause();
        control.cancel();
        control.resume();
        assert!(control.is_cancelled());
        let error = transfer.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled, "{name}: {error:#}");
    }
    assert_eq!((server.open_uploads(), server.aborted()), (0, 1));
    assert!(names(folder.path()).is_empty());
    // A transfer that is dropped is cancelled as well.
    drop(
        transfers
            .upload_fileobj(pattern(21 * MIB), "b", "dropped")
            .start(),
    );
    let started = Instant::now();
    while server.open_uploads() > 0 && started.elapsed() < Duration::from_secs(10) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(server.get("dropped").is_none());
}

#[tokio::test]
async fn bandwidth_is_limited_and_the_user_agent_names_the_feature() {
    let server = no_faults();
    let transfers = manager(&server).max_bandwidth(20 << 20);
    let started = Instant::now();
    transfers
        .upload_fileobj(pattern(11 * MIB), "b", "k")
        .await
        .unwrap();
    let target = tempfile::NamedTempFile::new().unwrap();
    transfers
        .download_file("b", "k", target.path())
        .await
        .unwrap();
    // 22 MiB at 20 MiB/s, less the burst at the start.
    assert!(
        started.elapsed() > Duration::from_millis(900),
        "{:?}",
        started.elapsed()
    );
    for (operation, head) in &server.contents().requests {
        let agent = &head.headers["user-agent"];
        let features = agent.split(" m/").nth(1).unwrap_or_default();
        let features = features.split(' ').next().unwrap_or_default();
        assert!(
            features.split(',').any(|id| id == "G"),
            "{operation}: {agent}"
        );
    }
}

#[tokio::test]
async fn progress_of_uploads_counts_bytes_while_they_are_sent() {
    let server = PartServer::start(|head, earlier| match head.operation() {
        "UploadPart" if earlier == 1 => Fault::Cut(2_000_000),
        _ => Fault::None,
    });
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let callback = Arc::clone(&seen);
    manager(&server)
        .concurrency(1)
        .upload_fileobj(pattern(11 * MIB), "b", "k")
        .on_progress(move |progress| callback.lock().unwrap().push(progress.bytes))
        .await
        .unwrap();
    let seen = seen.lock().unwrap();
    assert!(seen.len() > 100, "{}", seen.len());
    assert_eq!(seen.last(), Some(&(11 << 20)));
    assert!(seen.iter().all(|bytes| *bytes <= 11 << 20));
    // The bytes of the part that was cut are counted anew.
    assert!(!seen.is_sorted());
}

#[tokio::test]
async fn paused_transfers_wait() {
    let server = no_faults();
    let transfers = manager(&server).concurrency(1);
    let upload = transfers
        .upload_fileobj(pattern(16 * MIB), "b", "k")
        .start();
    let control = upload.control();
    control.pause();
    assert!(control.is_paused());
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(server.count("CompleteMultipartUpload"), 0);
    control.resume();
    upload.await.unwrap();
    assert_eq!(server.count("CompleteMultipartUpload"), 1);
}

#[tokio::test]
async fn copies_in_parts_keep_properties_and_tags() {
    let server = no_faults();
    let data = pattern(12 * MIB);
    server.put("a key/with +&é", &data);
    {
        let mut contents = server.contents();
        let stored = contents.objects.get_mut("a key/with +&é").unwrap();
        stored.headers = vec![
            ("cache-control".into(), "max-age=7".into()),
            ("content-type".into(), "text/river".into()),
            ("x-amz-meta-team".into(), "boto".into()),
        ];
        stored.tags = vec![("colour".into(), "pink".into())];
    }
    let transfers = manager(&server);
    let source = CopySource::new("b", "a key/with +&é");
    let copied = transfers.copy(source.clone(), "c", "copy").await.unwrap();
    assert_eq!((copied.bytes, copied.parts), (12 << 20, 3));
    assert!(*server.get("copy").unwrap() == data);
    let headers = server.contents().objects["copy"].headers.clone();
    let expected = [
        ("cache-control", "max-age=7"),
        ("content-type", "text/river"),
        ("x-amz-meta-team", "boto"),
        ("x-amz-tagging", "colour=pink"),
    ];
    assert_eq!(
        headers,
        expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    let replaced = transfers.copy(source.clone(), "c", "other").extra_args(json!({
        "MetadataDirective": "REPLACE", "TaggingDirective": "REPLACE", "ContentType": "text/sea",
    }));
    replaced.await.unwrap();
    let headers = server.contents().objects["other"].headers.clone();
    assert_eq!(
        headers,
        [("content-type".to_owned(), "text/sea".to_owned())]
    );
    // A short object takes one request if its size is known.
    server.put("short", b"x");
    let before = server.count("HeadObject");
    transfers
        .copy(CopySource::new("b", "short").size(1), "c", "short2")
        .await
        .unwrap();
    assert_eq!(server.count("HeadObject"), before);
    // A source that changes is an error.
    let changer = server.clone();
    let changed = AtomicUsize::new(0);
    let error = transfers
        .concurrency(1)
        .copy(source, "c", "changed")
        .on_progress(move |progress| {
            if progress.parts == 1 && changed.fetch_add(1, Ordering::Relaxed) == 0 {
                changer.put("a key/with +&é", b"new");
            }
        })
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("the object was changed"),
        "{error}"
    );
    assert_eq!(server.open_uploads(), 0);
}

/// Size of the object that is transferred while processes are killed.
const KILLED: usize = 61 * MIB;

/// Size of its parts.
const KILLED_PART: usize = 5 * MIB;

/// Number of kills.
const KILLS: usize = 10;

/// The process that is killed: see [`killed_transfers_do_not_transfer_finished_parts_again`].
#[tokio::test]
#[ignore = "run by another test"]
async fn transfer_that_is_killed() {
    let Ok(url) = std::env::var("INIA_TRANSFER_URL") else {
        return;
    };
    let path = std::env::var("INIA_TRANSFER_PATH").unwrap();
    let config = TransferConfig::new()
        .part_size(KILLED_PART as u64)
        .concurrency(2)
        .journal_folder(std::env::var("INIA_TRANSFER_JOURNALS").unwrap())
        .resumable(true);
    let transfers = TransferManager::with_config(&client(&url), config);
    let transfer = match std::env::var("INIA_TRANSFER_KIND").unwrap().as_str() {
        "upload" => transfers.upload_file(path, "b", "up"),
        _ => transfers.download_file("b", "down", path),
    };
    transfer.await.unwrap();
}

/// Runs the transfer in a process. Returns false if it was killed after `parts` more parts were counted.
fn run_and_kill(
    server: &PartServer,
    environment: &[(&str, &str)],
    kill_after: Option<usize>,
    count: impl Fn(&PartServer) -> usize,
) -> bool {
    let before = count(server);
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "safety::transfer_that_is_killed", "--ignored"])
        .envs(environment.iter().copied())
        .env("INIA_TRANSFER_URL", &server.url)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{environment:?}: {status}");
            return true;
        }
        if kill_after.is_some_and(|parts| count(server) >= before + parts) {
            child.kill().unwrap();
            child.wait().unwrap();
            server.wait_until_idle();
            return false;
        }
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "{environment:?}"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn killed_transfers_do_not_transfer_finished_parts_again() {
    let may_complete = Arc::new(AtomicBool::new(false));
    let completion = Arc::clone(&may_complete);
    let server = PartServer::start(move |head, _| match head.operation() {
        "UploadPart" | "GetObject" => Fault::Delay(Duration::from_millis(20)),
        // An upload that is complete when its process is killed would begin anew.
        "CompleteMultipartUpload" if !completion.load(Ordering::SeqCst) => {
            Fault::Error(503, "SlowDown")
        }
        _ => Fault::None,
    });
    let folder = tempfile::tempdir().unwrap();
    let journals = folder.path().join("journals");
    let data = pattern(KILLED);
    let (source, target) = (folder.path().join("source"), folder.path().join("target"));
    std::fs::write(&source, &data).unwrap();
    server.put("down", &data);
    let environment = |kind: &'static str, path: &'static str| {
        vec![
            ("INIA_TRANSFER_KIND".to_owned(), kind.to_owned()),
            (
                "INIA_TRANSFER_PATH".to_owned(),
                folder.path().join(path).display().to_string(),
            ),
            (
                "INIA_TRANSFER_JOURNALS".to_owned(),
                journals.display().to_string(),
            ),
        ]
    };
    let upload = environment("upload", "source");
    let upload: Vec<(&str, &str)> = upload
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    let parts = KILLED.div_ceil(KILLED_PART);
    let stored = |server: &PartServer| server.contents().stored_parts.len();
    let mut kills = 0;
    while kills < KILLS && stored(&server) < parts {
        assert!(!run_and_kill(&server, &upload, Some(1), stored));
        kills += 1;
    }
    assert!(kills >= KILLS - 2, "{kills}");
    may_complete.store(true, Ordering::SeqCst);
    run_and_kill(&server, &upload, None, stored);
    assert!(*server.get("up").unwrap() == data);
    {
        let contents = server.contents();
        assert_eq!(contents.stored_parts.len(), parts);
        let is_once = contents.stored_parts.values().all(|count| *count == 1);
        assert!(is_once, "{:?}", contents.stored_parts);
        assert!(contents.uploads.is_empty());
    }
    let download = environment("download", "target");
    let download: Vec<(&str, &str)> = download
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    let written = |_: &PartServer| recorded_parts(&journals).len();
    let mut kills = 0;
    loop {
        let finished = recorded_parts(&journals);
        // A process that is killed in its last moments may have finished.
        let kill_after = (kills < KILLS && finished.len() + 2 < parts).then_some(1);
        let earlier = server.contents().requests.len();
        let is_complete = run_and_kill(&server, &download, kill_after, written);
        let requested = requested_parts(&server, earlier);
        assert!(
            finished.is_disjoint(&requested),
            "{finished:?}, {requested:?}"
        );
        if is_complete {
            break;
        }
        assert!(!target.exists());
        kills += 1;
    }
    assert!(kills >= 5, "{kills}");
    assert!(std::fs::read(&target).unwrap() == data);
    assert_eq!(names(folder.path()), ["journals", "source", "target"]);
    assert!(names(&journals).is_empty(), "{:?}", names(&journals));
}

/// Returns the offsets of the parts in the journals of downloads, whose first line is a header.
fn recorded_parts(journals: &Path) -> BTreeSet<usize> {
    let mut parts = BTreeSet::new();
    for entry in std::fs::read_dir(journals).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap_or_default();
        let lines = text.split_inclusive('\n').skip(1);
        // The last line may be cut off.
        let lines = lines.filter(|line| line.ends_with('\n'));
        parts.extend(lines.map(|line| line.split(' ').next().unwrap().parse::<usize>().unwrap()));
    }
    parts
}

/// Returns the offsets of the parts that were requested after a number of requests.
fn requested_parts(server: &PartServer, earlier: usize) -> BTreeSet<usize> {
    let contents = server.contents();
    let requests = contents.requests.iter().skip(earlier);
    requests
        .filter(|(operation, _)| operation == "GetObject")
        .map(|(_, head)| {
            let range = head.headers.get("range");
            let range = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
            let start: usize = range.map_or(0, |(start, _)| start.parse().unwrap());
            start / KILLED_PART * KILLED_PART
        })
        .collect()
}

#[tokio::test]
async fn resumed_transfers_begin_anew_if_the_source_changed() {
    let fail = Arc::new(AtomicUsize::new(1));
    let failing = Arc::clone(&fail);
    // The third request for a part fails, whichever part it is.
    let server = PartServer::start(move |head, earlier| {
        let is_part = ["UploadPart", "GetObject"].contains(&head.operation());
        match failing.load(Ordering::Relaxed) {
            1 if is_part && earlier >= 2 => Fault::Error(403, "AccessDenied"),
            _ => Fault::None,
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let (source, target) = (folder.path().join("source"), folder.path().join("target"));
    let journals = folder.path().join("journals");
    let config = TransferConfig::new()
        .part_size(5 << 20)
        .concurrency(1)
        .resumable(true)
        .journal_folder(&journals);
    let transfers = TransferManager::with_config(&client(&server.url), config);
    std::fs::write(&source, pattern(11 * MIB)).unwrap();
    let error = transfers.upload_file(&source, "b", "k").await.unwrap_err();
    assert!(error.to_string().contains("the parts are kept"), "{error}");
    assert_eq!((server.open_uploads(), names(&journals).len()), (1, 1));
    // The same file goes on.
    fail.store(0, Ordering::Relaxed);
    let sent = transfers.upload_file(&source, "b", "k").await.unwrap();
    assert!(sent.resumed_bytes >= 5 << 20, "{}", sent.resumed_bytes);
    let times = server.contents().stored_parts.values().max().copied();
    assert_eq!((sent.parts, times), (3, Some(1)));
    assert!(names(&journals).is_empty());
    // A changed file begins anew, and the old parts are removed.
    fail.store(1, Ordering::Relaxed);
    transfers.upload_file(&source, "b", "k").await.unwrap_err();
    fail.store(0, Ordering::Relaxed);
    let data: Vec<u8> = pattern(11 * MIB).into_iter().rev().collect();
    std::fs::write(&source, &data).unwrap();
    let sent = transfers.upload_file(&source, "b", "k").await.unwrap();
    assert_eq!((sent.resumed_bytes, server.open_uploads()), (0, 0));
    assert!(*server.get("k").unwrap() == data);
    // So does the download of a changed object.
    fail.store(1, Ordering::Relaxed);
    transfers
        .download_file("b", "k", &target)
        .await
        .unwrap_err();
    assert_eq!(names(folder.path()).len(), 3);
    server.put("k", &pattern(11 * MIB));
    fail.store(0, Ordering::Relaxed);
    let received = transfers.download_file("b", "k", &target).await.unwrap();
    assert_eq!(received.resumed_bytes, 0);
    assert!(std::fs::read(&target).unwrap() == pattern(11 * MIB));
    assert_eq!(names(folder.path()), ["journals", "source", "target"]);
}
