//! Token cases with a folder each.

use std::path::Path;

use inia::Session;
use inia_core::TimestampFormat;

use super::folder::{self, SOME_TIME};
use crate::fakes::{block_on, logged};
use crate::read_json;
use crate::support::Case;

/// Returns the cases of the suite.
pub(crate) fn cases(dir: &Path, cases: &mut Vec<Case>) {
    let suite = "default-token-provider-chain";
    for folder in folder::folders(&dir.join(suite)) {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        cases.push(Case::new(format!("{suite}/{name}"), move || {
            let case = read_json(&folder.join("test-case.json"));
            let expected = &case["result"]["Ok"];
            let (ports, recording, mut secrets) = folder::ports(&folder, SOME_TIME);
            secrets.add(expected["token"].as_str().unwrap());
            let (token, log) = logged(|| {
                let session = Session::builder()
                    .host(ports.host())
                    .invoke(recording.invoke(&ports.host()))
                    .build()
                    .unwrap();
                block_on(session.token(None))
            });
            secrets.check("the log", &log)?;
            let token = token.map_err(|error| format!("{error:#}"))?;
            secrets.check("the token", &format!("{token:?}"))?;
            assert_eq!(token.token.expose(), expected["token"].as_str().unwrap());
            let expires = token.expires.unwrap().format(TimestampFormat::Iso8601);
            assert_eq!(expires, expected["expiration"].as_str().unwrap());
            Ok::<(), String>(())
        }));
    }
}
