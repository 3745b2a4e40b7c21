//! An S3 server in memory that records requests, counts stored parts, and fails on demand.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use inia_dispatch::detail::{Algorithm, Hasher};

/// Failure of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// An error response with this status and code.
    Error(u16, &'static str),
    /// The connection is closed after this number of bytes of the body of the request, or else of the response.
    Cut(usize),
    /// The connection is closed after the request was carried out, without a response.
    Lost,
    /// The response comes later.
    Delay(Duration),
}

/// A request: its method, path and query.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) headers: HashMap<String, String>,
}

impl Head {
    /// Returns the operation.
    pub(crate) fn operation(&self) -> &'static str {
        let has = |name: &str| self.query.contains_key(name);
        match self.method.as_str() {
            "POST" if has("uploads") => "CreateMultipartUpload",
            "POST" if has("uploadId") => "CompleteMultipartUpload",
            "POST" if has("delete") => "DeleteObjects",
            "PUT" if has("partNumber") && self.headers.contains_key("x-amz-copy-source") => {
                "UploadPartCopy"
            }
            "PUT" if has("partNumber") => "UploadPart",
            "PUT" if self.headers.contains_key("x-amz-copy-source") => "CopyObject",
            "PUT" if has("tagging") => "PutObjectTagging",
            "PUT" => "PutObject",
            "GET" if has("uploadId") => "ListParts",
            "GET" if has("tagging") => "GetObjectTagging",
            "GET" if has("list-type") => "ListObjectsV2",
            "GET" => "GetObject",
            "HEAD" => "HeadObject",
            "DELETE" if has("uploadId") => "AbortMultipartUpload",
            _ => "Unknown",
        }
    }
}

/// A stored object or part.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) data: Arc<Vec<u8>>,
    pub(crate) etag: String,
    pub(crate) checksum: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) tags: Vec<(String, String)>,
    /// Size of the parts that the object was uploaded in.
    pub(crate) part_size: Option<usize>,
}

/// An upload that is not complete: the key, the headers, and the parts.
type Upload = (String, Vec<(String, String)>, BTreeMap<u32, Stored>);

#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) objects: BTreeMap<String, Stored>,
    pub(crate) uploads: HashMap<String, Upload>,
    /// Operations in the order of their requests, with the query.
    pub(crate) requests: Vec<(String, Head)>,
    /// How often each part of each upload was stored.
    pub(crate) stored_parts: HashMap<(String, u32), u32>,
    /// Number of objects that were deleted by each request.
    pub(crate) deletions: Vec<usize>,
    aborted: usize,
    counter: u64,
}

type Faults = Arc<dyn Fn(&Head, usize) -> Fault + Send + Sync>;

/// A server. Its threads end with the test process.
#[derive(Clone)]
pub(crate) struct PartServer {
    pub(crate) url: String,
    contents: Arc<Mutex<Contents>>,
    /// Number of open connections.
    connections: Arc<AtomicUsize>,
}

impl PartServer {
    /// Starts a server. `faults` is asked for each request, with the number of earlier requests of the operation.
    pub(crate) fn start(faults: impl Fn(&Head, usize) -> Fault + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let contents = Arc::new(Mutex::new(Contents::default()));
        let (shared, faults): (_, Faults) = (Arc::clone(&contents), Arc::new(faults));
        let connections = Arc::new(AtomicUsize::new(0));
        let open = Arc::clone(&connections);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { continue };
                let (shared, faults) = (Arc::clone(&shared), Arc::clone(&faults));
                let open = Arc::clone(&open);
                open.fetch_add(1, Ordering::SeqCst);
                std::thread::spawn(move || {
                    let connection = Connection { shared, faults };
                    // Errors of closed connections are ignored.
                    let _ = connection.serve(&stream);
                    open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        PartServer {
            url,
            contents,
            connections,
        }
    }

    /// Waits until all connections are closed: all requests of a killed client are carried out or given up.
    pub(crate) fn wait_until_idle(&self) {
        let started = Instant::now();
        while self.connections.load(Ordering::SeqCst) > 0 {
            assert!(started.elapsed() < Duration::from_secs(60));
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    pub(crate) fn contents(&self) -> std::sync::MutexGuard<'_, Contents> {
        self.contents.lock().unwrap()
    }

    pub(crate) fn put(&self, key: &str, data: &[u8]) {
        let mut contents = self.contents();
        let stored = contents.store(data.to_vec());
        contents.objects.insert(key.to_owned(), stored);
    }

    pub(crate) fn get(&self, key: &str) -> Option<Arc<Vec<u8>>> {
        let contents = self.contents();
        contents
            .objects
            .get(key)
            .map(|stored| Arc::clone(&stored.data))
    }

    /// Returns the number of requests of an operation.
    pub(crate) fn count(&self, operation: &str) -> usize {
        let contents = self.contents();
        contents
            .requests
            .iter()
            .filter(|(name, _)| name == operation)
            .count()
    }

    /// Returns the number of uploads that are neither complete nor aborted.
    pub(crate) fn open_uploads(&self) -> usize {
        self.contents().uploads.len()
    }

    pub(crate) fn aborted(&self) -> usize {
        self.contents().aborted
    }
}

impl Contents {
    fn store(&mut self, data: Vec<u8>) -> Stored {
        self.counter += 1;
        let mut hasher = Hasher::new(Algorithm::Crc64Nvme);
        hasher.update(&data);
        let checksum = hasher.finish();
        Stored {
            etag: format!("\"{:032x}\"", self.counter),
            checksum,
            data: Arc::new(data),
            headers: Vec::new(),
            tags: Vec::new(),
            part_size: None,
        }
    }
}

struct Connection {
    shared: Arc<Mutex<Contents>>,
    faults: Faults,
}

struct Response {
    status: u16,
    headers: Vec<(String, String)>,
    body: Arc<Vec<u8>>,
    range: std::ops::Range<usize>,
}

fn xml(status: u16, body: String) -> Response {
    let range = 0..body.len();
    Response {
        status,
        headers: Vec::new(),
        body: Arc::new(body.into_bytes()),
        range,
    }
}

fn error(status: u16, code: &str) -> Response {
    xml(
        status,
        format!("<Error><Code>{code}</Code><Message>injected</Message></Error>"),
    )
}

impl Connection {
    fn serve(&self, mut stream: &TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream);
        loop {
            let Some(head) = read_head(&mut reader)? else {
                return Ok(());
            };
            let operation = head.operation();
            let earlier = {
                let mut contents = self.shared.lock().unwrap();
                let earlier = contents
                    .requests
                    .iter()
                    .filter(|(name, _)| name == operation)
                    .count();
                contents.requests.push((operation.to_owned(), head.clone()));
                earlier
            };
            let fault = (self.faults)(&head, earlier);
            let length: usize = head
                .headers
                .get("content-length")
                .map_or(0, |length| length.parse().unwrap());
            if let Fault::Cut(after) = fault
                && length > 0
            {
                let mut part = vec![0; after.min(length)];
                reader.read_exact(&mut part)?;
                return Ok(());
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body)?;
            let response = match fault {
                Fault::Error(status, code) => error(status, code),
                _ => self.respond(&head, body),
            };
            if fault == Fault::Lost {
                return Ok(());
            }
            if let Fault::Delay(delay) = fault {
                std::thread::sleep(delay);
            }
            let mut text = format!("HTTP/1.1 {} Status\r\n", response.status);
            for (name, value) in &response.headers {
                let _ = write!(text, "{name}: {value}\r\n");
            }
            let body = &response.body[response.range.clone()];
            let _ = write!(text, "content-length: {}\r\n\r\n", body.len());
            stream.write_all(text.as_bytes())?;
            if head.method == "HEAD" {
                continue;
            }
            if let Fault::Cut(after) = fault {
                stream.write_all(&body[..after.min(body.len())])?;
                return Ok(());
            }
            stream.write_all(body)?;
        }
    }

    fn respond(&self, head: &Head, body: Vec<u8>) -> Response {
        let mut contents = self.shared.lock().unwrap();
        let contents = &mut *contents;
        let key = head
            .path
            .splitn(3, '/')
            .nth(2)
            .unwrap_or_default()
            .to_owned();
        let id = head.query.get("uploadId").cloned().unwrap_or_default();
        let header = |name: &str| head.headers.get(name).map(String::as_str);
        match head.operation() {
            "PutObject" => {
                let mut stored = contents.store(body);
                if let Some(sent) = header("x-amz-checksum-crc64nvme")
                    && sent != stored.checksum
                {
                    return error(400, "BadDigest");
                }
                stored.headers = kept_headers(head);
                let mut response = xml(200, String::new());
                response.headers.push(("etag".into(), stored.etag.clone()));
                contents.objects.insert(key, stored);
                response
            }
            "CreateMultipartUpload" => {
                contents.counter += 1;
                let id = format!("upload-{}", contents.counter);
                let upload = (key, kept_headers(head), BTreeMap::new());
                contents.uploads.insert(id.clone(), upload);
                let text = format!(
                    "<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
                );
                let mut response = xml(200, text);
                for name in ["x-amz-checksum-algorithm", "x-amz-checksum-type"] {
                    if let Some(value) = header(name) {
                        response.headers.push((name.into(), value.to_owned()));
                    }
                }
                response
            }
            "UploadPart" | "UploadPartCopy" => {
                let number: u32 = head.query["partNumber"].parse().unwrap();
                if !contents.uploads.contains_key(&id) {
                    return error(404, "NoSuchUpload");
                }
                let is_copy = head.operation() == "UploadPartCopy";
                let data = if is_copy {
                    match copied(contents, head) {
                        Ok(data) => data,
                        Err(response) => return response,
                    }
                } else {
                    body
                };
                let stored = contents.store(data);
                if let Some(sent) = header("x-amz-checksum-crc64nvme")
                    && sent != stored.checksum
                {
                    return error(400, "BadDigest");
                }
                let text = format!(
                    "<CopyPartResult><ETag>{}</ETag><ChecksumCRC64NVME>{}</ChecksumCRC64NVME></CopyPartResult>",
                    stored.etag, stored.checksum
                );
                let mut response = xml(200, if is_copy { text } else { String::new() });
                response.headers.push(("etag".into(), stored.etag.clone()));
                let checksum = ("x-amz-checksum-crc64nvme".into(), stored.checksum.clone());
                response.headers.push(checksum);
                if let Some((_, _, parts)) = contents.uploads.get_mut(&id) {
                    parts.insert(number, stored);
                }
                *contents.stored_parts.entry((id, number)).or_default() += 1;
                response
            }
            "ListParts" => {
                let Some((_, _, parts)) = contents.uploads.get(&id) else {
                    return error(404, "NoSuchUpload");
                };
                let mut text = String::from("<ListPartsResult><IsTruncated>false</IsTruncated>");
                for (number, part) in parts {
                    let _ = write!(
                        text,
                        "<Part><PartNumber>{number}</PartNumber><Size>{}</Size><ETag>{}</ETag><ChecksumCRC64NVME>{}</ChecksumCRC64NVME></Part>",
                        part.data.len(),
                        part.etag,
                        part.checksum
                    );
                }
                text.push_str("</ListPartsResult>");
                xml(200, text)
            }
            "CompleteMultipartUpload" => {
                let Some((key, headers, parts)) = contents.uploads.remove(&id) else {
                    return error(404, "NoSuchUpload");
                };
                let count = parts.len();
                let mut data = Vec::new();
                for part in parts.values() {
                    data.extend_from_slice(&part.data);
                }
                let mut stored = contents.store(data);
                stored.etag = format!("\"{}-{count}\"", stored.etag.trim_matches('"'));
                stored.headers = headers;
                if let Some(sent) = header("x-amz-checksum-crc64nvme")
                    && sent != stored.checksum
                {
                    return error(400, "BadDigest");
                }
                let text = format!(
                    "<CompleteMultipartUploadResult><ETag>{}</ETag><ChecksumCRC64NVME>{}</ChecksumCRC64NVME></CompleteMultipartUploadResult>",
                    stored.etag, stored.checksum
                );
                contents.objects.insert(key, stored);
                xml(200, text)
            }
            "AbortMultipartUpload" => {
                contents.aborted += 1;
                match contents.uploads.remove(&id) {
                    Some(_) => xml(204, String::new()),
                    None => error(404, "NoSuchUpload"),
                }
            }
            "CopyObject" => match copied(contents, head) {
                Ok(data) => {
                    let mut stored = contents.store(data);
                    stored.headers = source(contents, head)
                        .map_or_else(Vec::new, |source| source.headers.clone());
                    let text = format!(
                        "<CopyObjectResult><ETag>{}</ETag></CopyObjectResult>",
                        stored.etag
                    );
                    contents.objects.insert(key, stored);
                    xml(200, text)
                }
                Err(response) => response,
            },
            "GetObjectTagging" => {
                let mut text = String::from("<Tagging><TagSet>");
                for (name, value) in contents
                    .objects
                    .get(&key)
                    .iter()
                    .flat_map(|stored| &stored.tags)
                {
                    let _ = write!(text, "<Tag><Key>{name}</Key><Value>{value}</Value></Tag>");
                }
                text.push_str("</TagSet></Tagging>");
                xml(200, text)
            }
            "GetObject" | "HeadObject" => get(contents, &key, head),
            "ListObjectsV2" => list(contents, head),
            "DeleteObjects" => {
                let text = String::from_utf8(body).unwrap();
                let keys: Vec<&str> = text
                    .split("<Key>")
                    .skip(1)
                    .filter_map(|rest| rest.split("</Key>").next())
                    .collect();
                contents.deletions.push(keys.len());
                let mut text = String::from("<DeleteResult>");
                for key in keys {
                    if key.contains("denied") {
                        let _ = write!(
                            text,
                            "<Error><Key>{key}</Key><Code>AccessDenied</Code><Message>no</Message></Error>"
                        );
                    } else {
                        contents.objects.remove(key);
                    }
                }
                text.push_str("</DeleteResult>");
                xml(200, text)
            }
            other => error(501, other),
        }
    }
}

/// Returns the headers of an upload that belong to the object.
fn kept_headers(head: &Head) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = head
        .headers
        .iter()
        .filter(|(name, _)| {
            name.starts_with("x-amz-meta-")
                || ["content-type", "cache-control", "x-amz-tagging"].contains(&name.as_str())
        })
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    headers.sort();
    headers
}

fn source<'a>(contents: &'a Contents, head: &Head) -> Option<&'a Stored> {
    let source = head.headers.get("x-amz-copy-source")?;
    let source = percent_decode(source);
    let (_, key) = source.trim_start_matches('/').split_once('/')?;
    contents.objects.get(key)
}

/// Returns the bytes of a copy.
fn copied(contents: &Contents, head: &Head) -> Result<Vec<u8>, Response> {
    let Some(stored) = source(contents, head) else {
        return Err(error(404, "NoSuchKey"));
    };
    if let Some(etag) = head.headers.get("x-amz-copy-source-if-match")
        && *etag != stored.etag
    {
        return Err(error(412, "PreconditionFailed"));
    }
    Ok(match head.headers.get("x-amz-copy-source-range") {
        None => stored.data.to_vec(),
        Some(range) => {
            let (first, last) = range
                .strip_prefix("bytes=")
                .unwrap()
                .split_once('-')
                .unwrap();
            stored.data[first.parse().unwrap()..=last.parse().unwrap()].to_vec()
        }
    })
}

fn get(contents: &Contents, key: &str, head: &Head) -> Response {
    let Some(stored) = contents.objects.get(key) else {
        return error(404, "NoSuchKey");
    };
    if let Some(etag) = head.headers.get("if-match")
        && *etag != stored.etag
    {
        return error(412, "PreconditionFailed");
    }
    let length = stored.data.len();
    let mut response = Response {
        status: 200,
        headers: vec![("etag".into(), stored.etag.clone())],
        body: Arc::clone(&stored.data),
        range: 0..length,
    };
    response.headers.extend(stored.headers.iter().cloned());
    if !stored.tags.is_empty() {
        response
            .headers
            .push(("x-amz-tagging-count".into(), stored.tags.len().to_string()));
    }
    if let (Some(size), true) = (stored.part_size, head.query.contains_key("partNumber")) {
        response.status = 206;
        response.range = 0..size.min(length);
        let count = (
            "x-amz-mp-parts-count".into(),
            length.div_ceil(size).to_string(),
        );
        response.headers.push(count);
        return response;
    }
    match head.headers.get("range") {
        Some(range) => {
            let (first, last) = range
                .strip_prefix("bytes=")
                .unwrap()
                .split_once('-')
                .unwrap();
            let first: usize = first.parse().unwrap();
            let last = last
                .parse::<usize>()
                .map_or(length, |last| last + 1)
                .min(length);
            if first >= length {
                return error(416, "InvalidRange");
            }
            response.status = 206;
            response.range = first..last;
            let range = format!("bytes {first}-{}/{length}", last - 1);
            response.headers.push(("content-range".into(), range));
        }
        None => {
            let checksum = ("x-amz-checksum-crc64nvme".into(), stored.checksum.clone());
            response.headers.push(checksum);
        }
    }
    response
}

/// Lists keys, at most 100 a page unless the request says so.
fn list(contents: &Contents, head: &Head) -> Response {
    let query = |name: &str| head.query.get(name).map(String::as_str).unwrap_or_default();
    let (prefix, delimiter) = (query("prefix"), query("delimiter"));
    let max = query("max-keys").parse().unwrap_or(100);
    let token = percent_decode(query("continuation-token"));
    let after = match token.as_str() {
        "" => query("start-after"),
        token => token,
    };
    let mut text = String::from("<ListBucketResult><EncodingType>url</EncodingType>");
    let (mut count, mut last, mut truncated) = (0, String::new(), false);
    let mut folders: Vec<String> = Vec::new();
    for (key, stored) in contents.objects.range(prefix.to_owned()..) {
        if !key.starts_with(prefix) {
            break;
        }
        let folder = match key[prefix.len()..].split_once('/') {
            Some((folder, _)) if delimiter == "/" => Some(format!("{prefix}{folder}/")),
            _ => None,
        };
        let is_listed = match &folder {
            // A folder that was a token is complete.
            Some(folder) => {
                (after.starts_with(folder.as_str()) && after != folder || folder.as_str() > after)
                    && !folders.contains(folder)
            }
            None => key.as_str() > after,
        };
        if !is_listed {
            continue;
        }
        if count == max {
            truncated = true;
            break;
        }
        count += 1;
        match folder {
            Some(folder) => {
                let _ = write!(
                    text,
                    "<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>",
                    encoded(&folder)
                );
                last.clone_from(&folder);
                folders.push(folder);
            }
            None => {
                let _ = write!(
                    text,
                    "<Contents><Key>{}</Key><Size>{}</Size><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>{}</ETag><StorageClass>STANDARD</StorageClass></Contents>",
                    encoded(key),
                    stored.data.len(),
                    stored.etag
                );
                last.clone_from(key);
            }
        }
    }
    let _ = write!(text, "<IsTruncated>{truncated}</IsTruncated>");
    if truncated {
        let _ = write!(
            text,
            "<NextContinuationToken>{}</NextContinuationToken>",
            encoded(&last)
        );
    }
    text.push_str("</ListBucketResult>");
    xml(200, text)
}

fn encoded(key: &str) -> String {
    let mut text = String::new();
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_./".contains(&byte) {
            text.push(byte as char);
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

pub(crate) fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            decoded.push(u8::from_str_radix(&text[at + 1..at + 3], 16).unwrap());
            at += 3;
        } else {
            decoded.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(decoded).unwrap()
}

fn read_head(reader: &mut BufReader<&TcpStream>) -> std::io::Result<Option<Head>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split(' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Ok(None);
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent_decode(name), percent_decode(value))
        });
    let mut head = Head {
        method: method.to_owned(),
        path: percent_decode(path),
        query: query.collect(),
        headers: HashMap::new(),
    };
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            return Ok(Some(head));
        };
        head.headers
            .insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
}
