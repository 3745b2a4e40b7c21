//! [`SyncPlan`]: the steps that make a target equal to its source, as data.
//!
//! # Source
//! The AWS CLI, `s3/syncstrategy/`.

use std::path::PathBuf;
use std::pin::Pin;

use futures_core::Stream;
use futures_util::StreamExt as _;
use inia_core::{Result, Str};

use crate::boxed_stream::boxed_stream;
use crate::{ListedObject, LocalFile};

/// A file or an object that takes part in a synchronization.
#[derive(Clone, Debug, PartialEq)]
pub struct SyncEntry {
    /// The key below the folder or the prefix that is synchronized.
    pub key: Str,
    /// The size in bytes.
    pub size: u64,
    /// The time of the last modification, in seconds.
    pub modified: Option<i64>,
    /// The path of a file.
    pub path: Option<PathBuf>,
    /// The object.
    pub object: Option<ListedObject>,
}

impl SyncEntry {
    /// Returns the entry of an object below a prefix; `None` for a key that does not begin with it, and for the prefix itself.
    #[must_use]
    pub fn of_object(object: ListedObject, prefix: &str) -> Option<Self> {
        let key = object.key.strip_prefix(prefix)?;
        if key.is_empty() {
            return None;
        }
        Some(SyncEntry {
            key: key.into(),
            size: object.size,
            modified: object.last_modified.map(|time| time.seconds()),
            path: None,
            object: Some(object),
        })
    }
}

impl From<LocalFile> for SyncEntry {
    /// DIFFERENCE: the time is in whole seconds, as those of objects are, so that a file is not uploaded again if it was uploaded within
    /// the second of its modification.
    fn from(file: LocalFile) -> Self {
        SyncEntry {
            key: file.key,
            size: file.size,
            modified: file.modified.map(|time| time.seconds()),
            path: Some(file.path),
            object: None,
        }
    }
}

/// The direction of a synchronization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncDirection {
    /// From files to objects.
    Upload,
    /// From objects to files.
    Download,
    /// Between objects.
    Copy,
}

/// Rules of a synchronization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncOptions {
    direction: SyncDirection,
    delete: bool,
    size_only: bool,
    exact_timestamps: bool,
    checksum: bool,
    no_overwrite: bool,
}

impl SyncOptions {
    /// Returns the default rules: entries are replaced if their sizes differ, or if the source is newer than the target. For downloads
    /// the times are compared in the other direction, as in the AWS CLI: a file that is newer than its object was changed.
    #[must_use]
    pub fn new(direction: SyncDirection) -> Self {
        SyncOptions {
            direction,
            delete: false,
            size_only: false,
            exact_timestamps: false,
            checksum: false,
            no_overwrite: false,
        }
    }

    /// Deletes entries of the target that the source does not have.
    #[must_use]
    pub fn delete(mut self, delete: bool) -> Self {
        self.delete = delete;
        self
    }

    /// Compares sizes only.
    #[must_use]
    pub fn size_only(mut self, size_only: bool) -> Self {
        self.size_only = size_only;
        self
    }

    /// Replaces files of the same size unless their time is exactly that of the object. For downloads only.
    #[must_use]
    pub fn exact_timestamps(mut self, exact: bool) -> Self {
        self.exact_timestamps = exact;
        self
    }

    /// Compares the contents of entries of the same size in place of their times: see [`SyncChange::Compare`].
    #[must_use]
    pub fn checksum(mut self, checksum: bool) -> Self {
        self.checksum = checksum;
        self
    }

    /// Keeps all entries that the target has.
    #[must_use]
    pub fn no_overwrite(mut self, no_overwrite: bool) -> Self {
        self.no_overwrite = no_overwrite;
        self
    }

    fn change(&self, source: &SyncEntry, target: &SyncEntry) -> SyncChange {
        if self.no_overwrite {
            return SyncChange::Keep;
        }
        if source.size != target.size {
            return SyncChange::ReplaceSize;
        }
        if self.size_only {
            return SyncChange::Keep;
        }
        if self.checksum {
            return SyncChange::Compare;
        }
        let (Some(source), Some(target)) = (source.modified, target.modified) else {
            return SyncChange::ReplaceTime;
        };
        let is_same = match self.direction {
            SyncDirection::Download if self.exact_timestamps => source == target,
            SyncDirection::Download => target <= source,
            SyncDirection::Upload | SyncDirection::Copy => source <= target,
        };
        if is_same {
            SyncChange::Keep
        } else {
            SyncChange::ReplaceTime
        }
    }
}

/// The change that a step makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncChange {
    /// The target does not have the entry.
    Create,
    /// The sizes differ.
    ReplaceSize,
    /// The times differ.
    ReplaceTime,
    /// The sizes are equal, and the contents are to be compared: see
    /// [`TransferManager::has_same_contents`](crate::TransferManager::has_same_contents).
    Compare,
    /// The target has the entry already.
    Keep,
    /// The source does not have the entry.
    Delete,
}

/// A step of a synchronization.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SyncStep {
    /// The change.
    pub change: SyncChange,
    /// The entry of the source.
    pub source: Option<SyncEntry>,
    /// The entry of the target.
    pub target: Option<SyncEntry>,
}

impl SyncStep {
    /// Returns the key below the folder or the prefix that is synchronized.
    #[must_use]
    pub fn key(&self) -> &str {
        let entry = self.source.as_ref().or(self.target.as_ref());
        entry.map_or("", |entry| entry.key.as_str())
    }
}

boxed_stream! {
    /// The steps of a synchronization, in the order of keys: a stream that compares two sorted streams, one entry at a time.
    pub struct SyncPlan(Result<SyncStep>);

    /// Returns the next step; `None` at the end.
    fn next;
}

impl SyncPlan {
    /// Compares a source with a target. Both must be sorted by their keys, as listings are.
    pub fn new(
        source: impl Stream<Item = Result<SyncEntry>> + Send + 'static,
        target: impl Stream<Item = Result<SyncEntry>> + Send + 'static,
        options: SyncOptions,
    ) -> Self {
        let merge = Merge {
            source: Box::pin(source.peekable()),
            target: Box::pin(target.peekable()),
            options,
        };
        let steps = futures_util::stream::try_unfold(merge, |mut merge| async move {
            Ok(merge.next().await?.map(|step| (step, merge)))
        });
        SyncPlan(Box::pin(steps))
    }
}

type Entries<S> = Pin<Box<futures_util::stream::Peekable<S>>>;

struct Merge<S: Stream<Item = Result<SyncEntry>>, T: Stream<Item = Result<SyncEntry>>> {
    source: Entries<S>,
    target: Entries<T>,
    options: SyncOptions,
}

impl<S: Stream<Item = Result<SyncEntry>>, T: Stream<Item = Result<SyncEntry>>> Merge<S, T> {
    async fn next(&mut self) -> Result<Option<SyncStep>> {
        let order = {
            let source = self.source.as_mut().peek().await;
            let target = self.target.as_mut().peek().await;
            match (source, target) {
                (None, None) => return Ok(None),
                (Some(Err(_)), _) | (Some(_), None) => std::cmp::Ordering::Less,
                (_, Some(Err(_))) | (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(Ok(source)), Some(Ok(target))) => {
                    source.key.as_str().cmp(target.key.as_str())
                }
            }
        };
        let source = match order.is_le() {
            true => self.source.next().await.transpose()?,
            false => None,
        };
        let target = match order.is_ge() {
            true => self.target.next().await.transpose()?,
            false => None,
        };
        let change = match (&source, &target) {
            (Some(source), Some(target)) => self.options.change(source, target),
            (Some(_), None) => SyncChange::Create,
            _ if self.options.delete => SyncChange::Delete,
            _ => SyncChange::Keep,
        };
        Ok(Some(SyncStep {
            change,
            source,
            target,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(future)
    }

    fn entry(key: &str, size: u64, modified: i64) -> SyncEntry {
        SyncEntry {
            key: key.into(),
            size,
            modified: Some(modified),
            path: None,
            object: None,
        }
    }

    fn stream(
        entries: &[(&str, u64, i64)],
    ) -> impl Stream<Item = Result<SyncEntry>> + Send + 'static {
        let entries: Vec<Result<SyncEntry>> = entries
            .iter()
            .map(|(key, size, modified)| Ok(entry(key, *size, *modified)))
            .collect();
        futures_util::stream::iter(entries)
    }

    #[test]
    fn plans_are_in_the_order_of_keys() {
        run(async {
            let source = [("a", 1, 5), ("b", 1, 5), ("c", 2, 5), ("e", 1, 5)];
            let target = [("b", 1, 6), ("c", 1, 6), ("d", 1, 5), ("e", 1, 4)];
            let options = SyncOptions::new(SyncDirection::Upload).delete(true);
            let mut plan = SyncPlan::new(stream(&source), stream(&target), options);
            let mut steps = Vec::new();
            while let Some(step) = plan.next().await {
                let step = step.unwrap();
                steps.push((step.key().to_owned(), step.change));
            }
            let expected = [
                ("a", SyncChange::Create),
                ("b", SyncChange::Keep),
                ("c", SyncChange::ReplaceSize),
                ("d", SyncChange::Delete),
                ("e", SyncChange::ReplaceTime),
            ];
            assert_eq!(
                steps,
                expected.map(|(key, change)| (key.to_owned(), change))
            );
        });
    }

    #[test]
    fn times_are_compared_as_in_the_aws_cli() {
        let new = SyncOptions::new;
        let (upload, download) = (SyncDirection::Upload, SyncDirection::Download);
        for (options, source, target, change) in [
            (new(upload), 5, 4, SyncChange::ReplaceTime),
            (new(upload), 5, 5, SyncChange::Keep),
            (new(upload), 4, 5, SyncChange::Keep),
            (new(SyncDirection::Copy), 5, 4, SyncChange::ReplaceTime),
            (new(download), 5, 4, SyncChange::Keep),
            (new(download), 4, 5, SyncChange::ReplaceTime),
            (
                new(download).exact_timestamps(true),
                5,
                4,
                SyncChange::ReplaceTime,
            ),
            (new(download).exact_timestamps(true), 5, 5, SyncChange::Keep),
            (new(upload).exact_timestamps(true), 4, 5, SyncChange::Keep),
            (new(upload).size_only(true), 5, 4, SyncChange::Keep),
            (new(upload).checksum(true), 4, 5, SyncChange::Compare),
            (new(upload).no_overwrite(true), 5, 4, SyncChange::Keep),
        ] {
            let (source, target) = (entry("k", 1, source), entry("k", 1, target));
            assert_eq!(options.change(&source, &target), change, "{options:?}");
        }
    }
}
