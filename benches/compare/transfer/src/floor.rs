//! A bare hyper client: the least that the same requests cost, without checksums, signatures and TLS.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::io::AsyncWriteExt as _;

use crate::{FILE_SIZE, FILES, KEYS, LONG, Result};

const PART: u64 = 8 << 20;
const TASKS: usize = 8;

type Http = Client<hyper_util::client::legacy::connect::HttpConnector, Full<Bytes>>;

pub(crate) fn run(url: &str, task: &str, folder: &str) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let client: Http = Client::builder(TokioExecutor::new()).build_http();
    let folder = Arc::new(folder.to_owned());
    let url = Arc::new(format!("{url}/bench"));
    runtime.block_on(async {
        match task {
            "up" => {
                let file = Arc::new(File::open(format!("{folder}/long"))?);
                parallel((LONG / PART) as usize, move |number| {
                    let (client, url, file) = (client.clone(), Arc::clone(&url), Arc::clone(&file));
                    async move {
                        let read = tokio::task::spawn_blocking(move || {
                            let mut part = vec![0; PART as usize];
                            file.read_exact_at(&mut part, number as u64 * PART).map(|()| part)
                        });
                        let part = read.await??;
                        send(&client, "PUT", &format!("{url}/long?partNumber={}&uploadId=u", number + 1), part.into(), None).await.map(drop)
                    }
                })
                .await
            }
            "down" => {
                let file = Arc::new(File::create(format!("{folder}/down"))?);
                parallel((LONG / PART) as usize, move |number| {
                    let (client, url, file) = (client.clone(), Arc::clone(&url), Arc::clone(&file));
                    async move {
                        let mut offset = number as u64 * PART;
                        let range = format!("bytes={offset}-{}", offset + PART - 1);
                        let mut body = send(&client, "GET", &format!("{url}/long"), Bytes::new(), Some(range)).await?;
                        while let Some(frame) = body.frame().await {
                            if let Ok(data) = frame?.into_data() {
                                let file = Arc::clone(&file);
                                let length = data.len() as u64;
                                tokio::task::spawn_blocking(move || file.write_all_at(&data, offset)).await??;
                                offset += length;
                            }
                        }
                        Ok(())
                    }
                })
                .await
            }
            "cat" => {
                let mut body = send(&client, "GET", &format!("{url}/long"), Bytes::new(), None).await?;
                let mut out = tokio::fs::File::create("/dev/stdout").await?;
                while let Some(frame) = body.frame().await {
                    if let Ok(data) = frame?.into_data() {
                        out.write_all(&data).await?;
                    }
                }
                Ok(out.flush().await?)
            }
            "up-many" | "down-many" => {
                let is_up = task == "up-many";
                parallel(FILES, move |number| {
                    let (client, url, folder) = (client.clone(), Arc::clone(&url), Arc::clone(&folder));
                    async move {
                        let target = format!("{url}/files/{number:09}");
                        if is_up {
                            let path = format!("{folder}/files/{number:09}");
                            let data = tokio::task::spawn_blocking(move || std::fs::read(path)).await??;
                            send(&client, "PUT", &target, data.into(), None).await.map(drop)
                        } else {
                            let body = send(&client, "GET", &target, Bytes::new(), None).await?.collect().await?.to_bytes();
                            let path = format!("{folder}/out/{number:09}");
                            assert_eq!(body.len() as u64, FILE_SIZE);
                            Ok(tokio::task::spawn_blocking(move || std::fs::write(path, &body)).await??)
                        }
                    }
                })
                .await
            }
            "list" | "delete" => {
                for page in 0..KEYS / 1000 {
                    let token = if page == 0 { String::new() } else { format!("&continuation-token={:09}", page * 1000 - 1) };
                    let target = format!("{url}?list-type=2&prefix=keys%2F{token}");
                    send(&client, "GET", &target, Bytes::new(), None).await?.collect().await?;
                    if task == "delete" {
                        let mut body = String::from("<Delete>");
                        for number in 0..1000 {
                            body.push_str(&format!("<Object><Key>keys/{:09}</Key></Object>", page * 1000 + number));
                        }
                        body.push_str("</Delete>");
                        send(&client, "POST", &format!("{url}?delete"), body.into(), None).await?.collect().await?;
                    }
                }
                Ok(())
            }
            other => Err(format!("unknown task {other}").into()),
        }
    })
}

async fn send(client: &Http, method: &str, url: &str, body: Bytes, range: Option<String>) -> Result<hyper::body::Incoming> {
    let mut request = Request::builder().method(method).uri(url);
    if let Some(range) = range {
        request = request.header("range", range);
    }
    let response = client.request(request.body(Full::new(body))?).await?;
    if !response.status().is_success() {
        return Err(format!("{method} {url}: {}", response.status()).into());
    }
    Ok(response.into_body())
}

/// Runs numbered jobs in a few tasks.
async fn parallel<F: Future<Output = Result<()>> + Send>(
    count: usize,
    job: impl Fn(usize) -> F + Send + Sync + 'static,
) -> Result<()> {
    let next = Arc::new(AtomicUsize::new(0));
    let job = Arc::new(job);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..TASKS {
        let (next, job) = (Arc::clone(&next), Arc::clone(&job));
        tasks.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return Result::<()>::Ok(());
                }
                job(number).await?;
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}
