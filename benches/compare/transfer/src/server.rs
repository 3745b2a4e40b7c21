//! A server that discards uploads, and makes objects and listings. It answers as S3 does, with one thread for each connection.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use crate::{FILE_SIZE, KEYS, LONG, Result};

/// Serves until the process is killed.
pub(crate) fn serve() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("http://{}", listener.local_addr()?);
    std::io::stdout().flush()?;
    for stream in listener.incoming() {
        let stream = stream?;
        std::thread::spawn(move || {
            // Errors of closed connections are ignored.
            let _ = connection(&stream);
        });
    }
    Ok(())
}

const ETAG: &str = "\"0123456789abcdef0123456789abcdef\"";

/// Returns the size of an object by its key: `long`, `huge` (5 GiB), or else a short one.
fn size_of(path: &str) -> u64 {
    if path.ends_with("/long") {
        LONG
    } else if path.ends_with("/huge") {
        5 << 30
    } else {
        FILE_SIZE
    }
}

fn connection(mut stream: &TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(256 * 1024, stream);
    let zeros = vec![0u8; 1 << 20];
    let mut line = String::new();
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut words = line.split(' ');
        let method = words.next().unwrap_or_default().to_owned();
        let target = words.next().unwrap_or_default().to_owned();
        let (mut length, mut range, mut expects, mut is_chunked) = (0u64, None, false, false);
        loop {
            line.clear();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                length = value.parse().unwrap_or(0);
            } else if name.eq_ignore_ascii_case("range") {
                range = value.strip_prefix("bytes=").map(str::to_owned);
            } else if name.eq_ignore_ascii_case("expect") {
                expects = true;
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                is_chunked = true;
            }
        }
        if expects {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let is_delete = query.starts_with("delete");
        if is_chunked {
            loop {
                line.clear();
                reader.read_line(&mut line)?;
                let size = u64::from_str_radix(line.trim().split(';').next().unwrap_or("0"), 16).unwrap_or(0);
                std::io::copy(&mut (&mut reader).take(size + 2), &mut std::io::sink())?;
                if size == 0 {
                    break;
                }
            }
        } else {
            discard(&mut reader, length)?;
        }
        let has = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
        match method.as_str() {
            "POST" if has("uploads") => xml(stream, "<InitiateMultipartUploadResult><Bucket>bench</Bucket><Key>k</Key><UploadId>u</UploadId></InitiateMultipartUploadResult>")?,
            "POST" if is_delete => xml(stream, "<DeleteResult></DeleteResult>")?,
            "POST" => xml(stream, &format!("<CompleteMultipartUploadResult><Bucket>bench</Bucket><Key>k</Key><ETag>{ETAG}</ETag></CompleteMultipartUploadResult>"))?,
            "PUT" => head(stream, 200, 0, &format!("etag: {ETAG}\r\n"))?,
            "DELETE" => head(stream, 204, 0, "")?,
            "HEAD" if path.matches('/').count() < 2 || path.ends_with('/') => head(stream, 200, 0, "x-amz-bucket-region: us-east-1\r\n")?,
            "HEAD" => head(stream, 200, size_of(path), &format!("etag: {ETAG}\r\nlast-modified: Fri, 02 Jan 2026 03:04:05 GMT\r\naccept-ranges: bytes\r\n"))?,
            "GET" if has("location") => xml(stream, "<LocationConstraint></LocationConstraint>")?,
            "GET" if has("list-type") || has("delimiter") || has("prefix") || path.trim_end_matches('/').matches('/').count() == 1 => xml(stream, &listing(query))?,
            "GET" => object(stream, size_of(path), range.as_deref(), &zeros)?,
            _ => head(stream, 501, 0, "")?,
        }
    }
}

fn discard(reader: &mut BufReader<&TcpStream>, mut length: u64) -> std::io::Result<()> {
    while length > 0 {
        let buffered = reader.fill_buf()?.len() as u64;
        if buffered == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let taken = buffered.min(length);
        reader.consume(taken as usize);
        length -= taken;
    }
    Ok(())
}

fn head(mut stream: &TcpStream, status: u16, length: u64, headers: &str) -> std::io::Result<()> {
    stream.write_all(format!("HTTP/1.1 {status} Status\r\nx-amz-request-id: 1\r\ncontent-length: {length}\r\n{headers}\r\n").as_bytes())
}

fn xml(mut stream: &TcpStream, body: &str) -> std::io::Result<()> {
    let text = format!(
        "HTTP/1.1 200 OK\r\nx-amz-request-id: 1\r\ncontent-type: application/xml\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes())
}

fn object(mut stream: &TcpStream, size: u64, range: Option<&str>, zeros: &[u8]) -> std::io::Result<()> {
    let modified = "last-modified: Fri, 02 Jan 2026 03:04:05 GMT";
    let mut left = match range.and_then(|range| range.split_once('-')) {
        Some((first, last)) => {
            let first: u64 = first.parse().unwrap_or(0);
            let last = last.parse().unwrap_or(u64::MAX).min(size - 1);
            let headers = format!("etag: {ETAG}\r\n{modified}\r\ncontent-range: bytes {first}-{last}/{size}\r\n");
            head(stream, 206, last + 1 - first, &headers)?;
            last + 1 - first
        }
        None => {
            head(stream, 200, size, &format!("etag: {ETAG}\r\n{modified}\r\n"))?;
            size
        }
    };
    while left > 0 {
        let chunk = left.min(zeros.len() as u64) as usize;
        stream.write_all(&zeros[..chunk])?;
        left -= chunk as u64;
    }
    Ok(())
}

/// Returns a page of 1,000 keys. The prefix `many` has 1,000,000 keys, `files` the short objects, and any other 100,000.
fn listing(query: &str) -> String {
    let value = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let prefix = value("prefix").unwrap_or_default().replace("%2F", "/");
    let total = match prefix.split('/').next() {
        Some("many") => 1_000_000,
        Some("files") => crate::FILES,
        _ => KEYS,
    };
    let after = value("continuation-token").or(value("start-after")).or(value("marker")).unwrap_or_default();
    let digits: String = after.chars().rev().take_while(char::is_ascii_digit).collect();
    let start = digits.chars().rev().collect::<String>().parse::<usize>().map_or(0, |last| last + 1);
    let end = (start + 1000).min(total);
    let prefix = if prefix.is_empty() { "keys/" } else { &prefix };
    let mut text = String::with_capacity(240 * 1000);
    text.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>bench</Name>");
    let _ = write!(text, "<Prefix>{prefix}</Prefix><KeyCount>{}</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>{}</IsTruncated>", end - start, end < total);
    if end < total {
        let _ = write!(text, "<NextContinuationToken>{:09}</NextContinuationToken>", end - 1);
    }
    for number in start..end {
        let _ = write!(
            text,
            "<Contents><Key>{prefix}{number:09}</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>&quot;0123456789abcdef0123456789abcdef&quot;</ETag><Size>{FILE_SIZE}</Size><StorageClass>STANDARD</StorageClass></Contents>"
        );
    }
    text.push_str("</ListBucketResult>");
    text
}
