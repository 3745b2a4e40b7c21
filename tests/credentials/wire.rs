//! The recorded folders again with real clients: the requests of providers to STS and SSO are compared byte by byte.

use std::path::Path;
use std::sync::Arc;

use inia::ports::BoxFuture;
use inia::{
    ByteStream, Credentials, Error, ErrorKind, Result, Session, protocol::Headers,
    transport::Transport, transport::WireBody, transport::WireRequest, transport::WireResponse,
};
use inia_core::CredentialChain;

use super::folder;
use super::recorded::{self, RecordedOutcome};
use super::replay::Recording;
use crate::fakes::{block_on, logged};
use crate::support::Case;

/// Returns the cases of a suite.
pub(crate) fn cases(dir: &Path, suite: &'static str, profile_only: bool, cases: &mut Vec<Case>) {
    for folder in folder::folders(&dir.join(suite)) {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        cases.push(Case::new(format!("wire/{suite}/{name}"), move || {
            recorded::check(&folder, profile_only, load)
        }));
    }
}

fn load(
    ports: &crate::fakes::FakePorts,
    recording: &Recording,
    chain: CredentialChain,
) -> RecordedOutcome {
    let load = || -> (Result<Arc<Credentials>>, String) {
        let session = Session::builder()
            .host(ports.host())
            .credential_chain(chain)
            .transport(Arc::new(recording.clone()))
            .build();
        match session {
            Ok(session) => (block_on(session.credentials()), format!("{session:?}")),
            Err(error) => (Err(error), String::new()),
        }
    };
    let ((result, session), log) = logged(load);
    RecordedOutcome {
        result,
        session,
        log,
    }
}

impl Transport for Recording {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        Box::pin(std::future::ready(self.exchange(&request)))
    }
}

impl Recording {
    fn exchange(&self, request: &WireRequest) -> Result<WireResponse> {
        let Some(exchange) = self.next() else {
            return Err(Error::new(ErrorKind::Connection, "no recorded response"));
        };
        assert_eq!(&*request.method, exchange.method);
        assert_eq!(comparable(&request.url), comparable(&exchange.uri));
        // The recordings were anonymized, so parameter values differ; the operations are compared.
        let body = match &request.body {
            WireBody::Bytes(bytes) => std::str::from_utf8(bytes).unwrap(),
            WireBody::Stream(_) => panic!("unexpected streaming body"),
        };
        let action = |body: &str| body.split('&').next().unwrap_or_default().to_owned();
        assert_eq!(action(body), action(&exchange.request));
        for name in ["authorization", "x-amz-sso_bearer_token"] {
            let sent = request.headers.get(name);
            let recorded = exchange.header(name);
            assert_eq!(sent.is_some(), recorded.is_some(), "{name}");
            if name != "authorization" {
                assert_eq!(sent, recorded);
            }
        }
        Ok(WireResponse {
            status: exchange.status,
            headers: Headers::new(),
            body: ByteStream::from(exchange.response),
        })
    }
}

/// Splits a URL and sorts its query.
fn comparable(url: &str) -> (String, Vec<String>) {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let mut query: Vec<String> = query.split('&').map(str::to_owned).collect();
    query.sort();
    (path.trim_end_matches('/').to_owned(), query)
}
