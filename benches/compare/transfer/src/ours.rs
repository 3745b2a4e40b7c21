//! inia's transfer manager.

use futures_util::TryStreamExt as _;
use inia::transfer::{LocalEntry, LocalListing, SyncDirection, SyncEntry, SyncOptions, SyncPlan, TransferManager};
use inia::{Credentials, Session};

use crate::Result;

/// Number of short objects that are transferred at the same time.
const AT_ONCE: usize = 16;

pub(crate) fn run(url: &str, task: &str, folder: &str) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let session = Session::builder()
            .region("us-east-1")
            .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
            .endpoint_url(url)
            .load()
            .await?;
        let transfers = TransferManager::new(&session.client("s3")?);
        match task {
            "up" => drop(transfers.upload_file(format!("{folder}/long"), "bench", "long").await?),
            "up-huge" => drop(transfers.upload_file(format!("{folder}/huge"), "bench", "huge").await?),
            "down" => drop(transfers.download_file("bench", "long", format!("{folder}/down")).await?),
            "down-huge" => drop(transfers.download_file("bench", "huge", format!("{folder}/down")).await?),
            "cat" => drop(transfers.download_file("bench", "long", "/dev/stdout").await?),
            "up-many" => {
                let files = LocalListing::new(format!("{folder}/files"), false);
                let files = files.try_filter_map(|entry| async move {
                    Ok(match entry {
                        LocalEntry::File(file) => Some(file),
                        LocalEntry::Skipped(_) => None,
                    })
                });
                let uploads = files.map_ok(|file| transfers.upload_file(file.path, "bench", format!("files/{}", file.key)).start());
                uploads.try_buffer_unordered(AT_ONCE).try_for_each(|_| async { Ok(()) }).await?;
            }
            "down-many" => {
                let downloads = transfers.list("bench", "files/").map_ok(|object| {
                    let name = object.key.strip_prefix("files/").unwrap_or_default().to_owned();
                    transfers.download_file("bench", object.key.clone(), format!("{folder}/out/{name}")).start()
                });
                downloads.try_buffer_unordered(AT_ONCE).try_for_each(|_| async { Ok(()) }).await?;
            }
            "list" | "list-many" => {
                let prefix = if task == "list" { "keys/" } else { "many/" };
                let mut objects = transfers.list("bench", prefix);
                let (mut count, mut bytes) = (0u64, 0u64);
                while let Some(object) = objects.next().await {
                    count += 1;
                    bytes += object?.size;
                }
                println!("{count} objects, {bytes} bytes");
            }
            "delete" | "delete-many" => {
                let prefix = if task == "delete" { "keys/" } else { "many/" };
                let objects = transfers.list("bench", prefix).map_ok(|object| object.key.into());
                let output = transfers.delete("bench", objects).await?;
                println!("{} objects", output.deleted);
            }
            "sync-many" => {
                let one = transfers.list("bench", "many/").try_filter_map(|object| async move { Ok(SyncEntry::of_object(object, "many/")) });
                let two = transfers.list("bench", "many/").try_filter_map(|object| async move { Ok(SyncEntry::of_object(object, "many/")) });
                let mut plan = SyncPlan::new(one, two, SyncOptions::new(SyncDirection::Copy));
                let mut count = 0u64;
                while let Some(step) = plan.next().await {
                    step?;
                    count += 1;
                }
                println!("{count} steps");
            }
            other => return Err(format!("unknown task {other}").into()),
        }
        Ok(())
    })
}
