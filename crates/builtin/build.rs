//! Takes the services of `INIA_SERVICES` out of the archive of all, where that is asked for.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

mod choose;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=choose.rs");
    println!("cargo::rerun-if-env-changed=INIA_SERVICES");
    println!("cargo::rustc-check-cfg=cfg(some_services)");
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
    println!("cargo::rustc-cfg=some_services");
    let all = fs::read(Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("definitions.inia"))?;
    match choose::choose(&all, &names) {
        Ok(chosen) => {
            let file = Path::new(&env::var("OUT_DIR")?).join("definitions.inia");
            fs::write(file, chosen)?;
        }
        Err(error) => println!("cargo::error=INIA_SERVICES: {error}"),
    }
    Ok(())
}
