//! Copies the services named in `INIA_SERVICES`, if it is set, to an archive of their own.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

mod select;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=select.rs");
    println!("cargo::rerun-if-env-changed=INIA_SERVICES");
    println!("cargo::rustc-check-cfg=cfg(service_subset)");
    let names = env::var("INIA_SERVICES").unwrap_or_default();
    let names: Vec<&str> = names
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    println!("cargo::rerun-if-changed=definitions.inia");
    println!("cargo::rustc-cfg=service_subset");
    let all = fs::read(Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("definitions.inia"))?;
    match select::select_services(&all, &names) {
        Ok(archive) => {
            let file = Path::new(&env::var("OUT_DIR")?).join("definitions.inia");
            fs::write(file, archive)?;
        }
        Err(error) => println!("cargo::error=INIA_SERVICES: {error}"),
    }
    Ok(())
}
