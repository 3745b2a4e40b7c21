//! A program with one service's definitions in it: who am I?

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
