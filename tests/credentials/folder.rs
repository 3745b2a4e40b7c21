//! Case folders: environment, files, traffic and secrets.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::replay::Recording;
use super::secrets::Secrets;
use crate::fakes::{FakeEnv, FakePorts};
use crate::{read_json, strings};

/// Time of cases that do not expect an expiration: 2021-01-01.
pub(crate) const SOME_TIME: i64 = 1_609_459_200;

/// Returns the subfolders by name.
pub(crate) fn folders(dir: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

/// Returns the fake ports, the recording and the secrets of a case.
pub(crate) fn ports(folder: &Path, now: i64) -> (FakePorts, Recording, Secrets) {
    let env = strings(&read_json(&folder.join("env.json")));
    let mut secrets = Secrets::default();
    for (name, value) in &env {
        secrets.add_json(name, &Json::from(value.as_str()));
    }
    let recording = Recording::read(&folder.join("http-traffic.json"));
    for body in recording.responses() {
        secrets.add_file("response", &body);
    }
    let ports = FakePorts::new(FakeEnv::of(env), now).http(recording.http());
    ports.files.load(&folder.join("fs"));
    for (name, contents) in ports.files.0.lock().unwrap().iter() {
        secrets.add_file(name, &String::from_utf8_lossy(contents));
    }
    (ports, recording, secrets)
}
