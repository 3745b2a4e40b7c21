//! A case's folder: its environment, its files, its traffic, and its secrets.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::replay::Recording;
use super::secrets::Secrets;
use crate::fakes::{FakeEnv, World};
use crate::{read_json, strings};

/// The moment of cases that do not expect an expiry: 2021-01-01.
pub(crate) const SOME_TIME: i64 = 1_609_459_200;

/// The folders below a folder, by name.
pub(crate) fn folders(dir: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

/// A case's world, its recording and its secrets.
pub(crate) fn world(folder: &Path, now: i64) -> (World, Recording, Secrets) {
    let env = strings(&read_json(&folder.join("env.json")));
    let mut secrets = Secrets::default();
    for (name, value) in &env {
        secrets.add_json(name, &Json::from(value.as_str()));
    }
    let recording = Recording::read(&folder.join("http-traffic.json"));
    for body in recording.answers() {
        secrets.add_file("answer", &body);
    }
    let world = World::new(FakeEnv::of(env), now).http(recording.http());
    world.files.load(&folder.join("fs"));
    for (name, contents) in world.files.0.lock().unwrap().iter() {
        secrets.add_file(name, &String::from_utf8_lossy(contents));
    }
    (world, recording, secrets)
}
