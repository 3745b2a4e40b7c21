//! Glacier.

use inia_core::{Error, ErrorKind, Result, to_hex};
use sha2::{Digest as _, Sha256};

use super::{ParamsStage, RequestStage};

/// Sets a missing account id to `-`, the account of the credentials.
pub(super) fn default_account(stage: &mut ParamsStage<'_>) -> Result<()> {
    let has_account = stage
        .model
        .input(stage.operation)
        .is_some_and(|input| input.member("accountId").is_some());
    if let Some(params) = stage.params.as_map_mut()
        && has_account
        && params
            .get("accountId")
            .is_none_or(inia_core::Value::is_null)
    {
        params.insert("accountId", "-");
    }
    Ok(())
}

/// Sets the header of the API version.
pub(super) fn set_version_header(stage: &mut RequestStage<'_>) -> Result<()> {
    let version = stage.model.metadata().api_version.clone();
    stage.request.headers.set("x-amz-glacier-version", version);
    Ok(())
}

/// Sets the headers of an upload for the SHA-256 and the SHA-256 tree hash of its body.
pub(super) fn add_tree_hash(stage: &mut RequestStage<'_>) -> Result<()> {
    if stage
        .stream
        .as_ref()
        .is_some_and(|stream| stream.as_bytes().is_none())
    {
        let has_both = ["x-amz-content-sha256", "x-amz-sha256-tree-hash"]
            .into_iter()
            .all(|name| stage.request.headers.contains(name));
        if has_both {
            return Ok(());
        }
        let message = format!(
            "{}: a streaming body requires the parameter `checksum` and the header x-amz-content-sha256",
            stage.operation.name
        );
        return Err(Error::new(ErrorKind::Validation, message));
    }
    let body = stage
        .stream
        .as_ref()
        .and_then(crate::ByteStream::as_bytes)
        .unwrap_or(&stage.request.body);
    let (linear, tree) = (to_hex(&Sha256::digest(body)), to_hex(&tree_hash(body)));
    let headers = &mut stage.request.headers;
    if !headers.contains("x-amz-content-sha256") {
        headers.set("x-amz-content-sha256", linear);
    }
    if !headers.contains("x-amz-sha256-tree-hash") {
        headers.set("x-amz-sha256-tree-hash", tree);
    }
    Ok(())
}

/// Returns the SHA-256 tree hash of a body: the root of a binary tree over the hashes of its 1 MiB chunks.
///
/// # Source
/// The Glacier developer guide, "Computing checksums".
fn tree_hash(body: &[u8]) -> [u8; 32] {
    let mut level: Vec<[u8; 32]> = body
        .chunks(1024 * 1024)
        .map(|chunk| Sha256::digest(chunk).into())
        .collect();
    if level.is_empty() {
        level.push(Sha256::digest(b"").into());
    }
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => {
                    let mut hasher = Sha256::new();
                    hasher.update(left);
                    hasher.update(right);
                    hasher.finalize().into()
                }
                other => other.first().copied().unwrap_or_default(),
            })
            .collect();
    }
    level.first().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computes_tree_hashes() {
        // One chunk has its own hash as root; an odd last node moves up a level unchanged.
        assert_eq!(
            tree_hash(b"hello"),
            <[u8; 32]>::from(Sha256::digest(b"hello"))
        );
        let body = vec![b'a'; 3 * 1024 * 1024];
        let leaf = Sha256::digest(&body[..1024 * 1024]);
        let mut pair = Sha256::new();
        pair.update(leaf);
        pair.update(leaf);
        let mut root = Sha256::new();
        root.update(pair.finalize());
        root.update(leaf);
        assert_eq!(tree_hash(&body), <[u8; 32]>::from(root.finalize()));
    }
}
