//! S3 transfers: upload, download, copy, list and delete.
//!
//! ```no_run
//! # mod inia { pub use inia_dispatch::*; pub mod transfer { pub use inia_transfer::*; } }
//! use inia::Session;
//! use inia::transfer::TransferManager;
//!
//! # async fn example() -> inia_core::Result<()> {
//! let s3 = Session::load().await?.client("s3")?;
//! let transfers = TransferManager::new(&s3);
//! transfers.upload_file("backup.tar", "backups", "2026/backup.tar").await?;
//! transfers.download_file("backups", "2026/backup.tar", "copy.tar").await?;
//! # Ok(())
//! # }
//! ```
//!
//! A long object is transferred in parts, several at a time. Memory is bounded by [`TransferConfig::max_memory`], whatever the size of
//! the object.

#![forbid(unsafe_code)]

mod arguments;
mod bandwidth;
mod boxed_stream;
mod buffer;
mod checksum;
mod compare;
mod config;
mod context;
mod control;
mod copy;
mod delete;
mod download;
mod extension;
mod gate;
mod journal;
mod list;
mod local;
mod manager;
mod object;
mod parts;
mod progress;
mod retry;
mod source;
mod sync;
mod transfer;
mod upload;

pub use config::TransferConfig;
pub use control::TransferControl;
pub use copy::CopySource;
pub use delete::{DeleteFailure, DeleteOutput, DeleteTarget};
pub use download::WriteAt;
pub use extension::{ClientTransfers, ResourceKey, ResourceTransfers};
pub use list::{ListedObject, ObjectListing};
pub use local::{LocalEntry, LocalFile, LocalListing, SkippedFile, local_path};
pub use manager::TransferManager;
pub use progress::{Progress, ProgressStream};
pub use sync::{SyncChange, SyncDirection, SyncEntry, SyncOptions, SyncPlan, SyncStep};
pub use transfer::{Transfer, TransferOutput, TransferRequest};
