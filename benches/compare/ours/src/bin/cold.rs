//! A process that makes one STS call, with region, credentials and endpoint from the environment.

#![forbid(unsafe_code)]

#[tokio::main(flavor = "current_thread")]
async fn main() -> inia::Result<()> {
    let session = inia::Session::load().await?;
    let identity = session
        .client("sts")?
        .call("GetCallerIdentity", inia::json!({}))
        .await?;
    println!("{} {}", identity["Account"], identity["Arn"]);
    Ok(())
}
