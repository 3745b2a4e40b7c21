//! Errors of connections and requests, and whether a retry may succeed.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use inia_core::{Error, ErrorKind, RetryClass};
use rustls::AlertDescription;

use super::request_body::BodyError;

/// The failure to establish a connection.
#[derive(Debug)]
pub(super) struct ConnectError {
    kind: ErrorKind,
    message: String,
    /// True if another attempt would fail too.
    is_final: bool,
    /// True if the process or the system has no file descriptors left.
    is_exhausted: bool,
}

impl ConnectError {
    fn connection(message: String) -> Self {
        ConnectError {
            kind: ErrorKind::Connection,
            message,
            is_final: false,
            is_exhausted: false,
        }
    }

    /// An invalid setting.
    #[cold]
    pub(super) fn config(message: &str) -> Self {
        ConnectError {
            kind: ErrorKind::Config,
            is_final: true,
            ..ConnectError::connection(message.to_owned())
        }
    }

    /// The time limit for connecting elapsed.
    #[cold]
    pub(super) fn timeout(limit: Duration) -> Self {
        ConnectError {
            kind: ErrorKind::Timeout,
            ..ConnectError::connection(format!("cannot connect: no connection within {limit:?}"))
        }
    }

    /// No connection of the pool became available.
    #[cold]
    pub(super) fn queue_timeout(limit: Duration, connections: usize) -> Self {
        ConnectError {
            kind: ErrorKind::Timeout,
            is_final: true,
            ..ConnectError::connection(format!(
                "none of the {connections} connections became available within {limit:?}: read or drop the bodies of earlier responses, or raise max_pool_connections"
            ))
        }
    }

    /// A failure of DNS or TCP.
    #[cold]
    pub(super) fn tcp(error: &(dyn StdError + 'static)) -> Self {
        let mut timed_out = false;
        let mut is_exhausted = false;
        let mut has_code = false;
        for cause in Causes(Some(error)) {
            if let Some(error) = cause.downcast_ref::<io::Error>() {
                timed_out |= error.kind() == io::ErrorKind::TimedOut;
                is_exhausted |= is_exhaustion(error);
                has_code |= error.raw_os_error().is_some();
            }
        }
        // Resolvers hide that they could not open a file.
        if !has_code && !timed_out {
            is_exhausted =
                tokio::net::TcpSocket::new_v4().is_err_and(|error| is_exhaustion(&error));
        }
        ConnectError {
            kind: if timed_out {
                ErrorKind::Timeout
            } else {
                ErrorKind::Connection
            },
            is_exhausted,
            ..ConnectError::connection(root_cause(error))
        }
    }

    /// A failed TLS handshake.
    #[cold]
    pub(super) fn tls(error: &io::Error) -> Self {
        match tls_problem(error) {
            Some((message, is_final)) => ConnectError {
                is_final,
                ..ConnectError::connection(message)
            },
            None => ConnectError::connection(format!("TLS: {}", root_cause(error))),
        }
    }

    /// A failure while talking to a proxy.
    #[cold]
    pub(super) fn io(step: &str, error: &io::Error) -> Self {
        ConnectError::connection(format!("{step}: {}", root_cause(error)))
    }

    /// A proxy that refused.
    #[cold]
    pub(super) fn refused(message: &str, is_final: bool) -> Self {
        ConnectError {
            is_final,
            ..ConnectError::connection(message.to_owned())
        }
    }

    /// Prefixes the message with the failed step. Invalid settings need no prefix.
    pub(super) fn at(mut self, step: impl fmt::Display) -> Self {
        if self.kind != ErrorKind::Config {
            self.message = format!("{step}: {}", self.message);
        }
        self
    }

    /// Prefixes the message, which is a predicate, with its subject.
    pub(super) fn of(mut self, subject: impl fmt::Display) -> Self {
        self.message = format!("{subject} {}", self.message);
        self
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.is_exhausted
    }

    /// Converts to the error of a request.
    #[cold]
    pub(super) fn into_error(self, url: &impl fmt::Display) -> Error {
        let error = Error::new(self.kind, format!("{url}: {}", self.message));
        if self.is_final {
            error.with_retry_class(RetryClass::NotRetryable)
        } else {
            error
        }
    }
}

fn is_exhaustion(error: &io::Error) -> bool {
    // EMFILE and ENFILE have the same numbers on all Unix systems; WSAEMFILE of Windows.
    let codes: &[i32] = if cfg!(windows) { &[10024] } else { &[23, 24] };
    error
        .raw_os_error()
        .is_some_and(|code| codes.contains(&code))
}

/// Returns true if the server processed nothing of a request: it refused the stream, or closes the connection and did not take it.
///
/// # Source
/// RFC 9113, 8.7: "Request Reliability".
pub(super) fn is_unprocessed(error: &hyper::Error) -> bool {
    Causes(Some(error)).any(|cause| {
        cause.downcast_ref::<h2::Error>().is_some_and(|error| {
            let reason = error.reason();
            error.is_remote()
                && (error.is_reset() && reason == Some(h2::Reason::REFUSED_STREAM)
                    || error.is_go_away() && reason == Some(h2::Reason::NO_ERROR))
        })
    })
}

/// Returns true if the server reset the stream of a request, whose connection goes on.
pub(super) fn is_reset(error: &hyper::Error) -> bool {
    Causes(Some(error)).any(|cause| {
        cause
            .downcast_ref::<h2::Error>()
            .is_some_and(h2::Error::is_reset)
    })
}

/// The error of a request whose connection failed.
#[cold]
pub(super) fn request_error(url: &impl fmt::Display, error: Option<&hyper::Error>) -> Error {
    let Some(error) = error else {
        return Error::new(
            ErrorKind::Connection,
            format!("{url}: the connection is closed"),
        );
    };
    let mut timed_out = false;
    for cause in Causes(Some(error)) {
        // An error of the request body is reported instead of hyper's.
        if let Some(error) = cause.downcast_ref::<BodyError>() {
            return Error::new(ErrorKind::Stream, error.0.clone());
        }
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            timed_out |= io.kind() == io::ErrorKind::TimedOut;
            if let Some((message, is_final)) = tls_problem(io) {
                let error = Error::new(ErrorKind::Connection, format!("{url}: {message}"));
                return if is_final {
                    error.with_retry_class(RetryClass::NotRetryable)
                } else {
                    error
                };
            }
        }
    }
    let kind = if timed_out {
        ErrorKind::Timeout
    } else {
        ErrorKind::Connection
    };
    let problem = if error.is_parse() {
        format!("invalid HTTP response: {}", root_cause(error))
    } else {
        format!("the connection failed: {}", root_cause(error))
    };
    Error::new(kind, format!("{url}: {problem}"))
}

/// Returns the description of a TLS error, and whether another handshake would fail too.
///
/// DIFFERENCE: botocore retries refused certificates.
fn tls_problem(error: &io::Error) -> Option<(String, bool)> {
    let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    Some(match error {
        rustls::Error::InvalidCertificate(problem) => (
            format!(
                "the server's certificate is not valid: {}; if you trust it, set ca_bundle or AWS_CA_BUNDLE to a file with it or its certificate authority",
                certificate_problem(problem)
            ),
            true,
        ),
        rustls::Error::AlertReceived(alert) => (
            format!("the server refused the TLS handshake: {error}"),
            !matches!(
                alert,
                AlertDescription::InternalError
                    | AlertDescription::UserCanceled
                    | AlertDescription::CloseNotify
                    | AlertDescription::BadRecordMac
                    | AlertDescription::DecryptError
            ),
        ),
        rustls::Error::InvalidMessage(_) => (
            format!("the server does not respond with TLS: {error}; use http if it has no TLS"),
            true,
        ),
        rustls::Error::NoCertificatesPresented
        | rustls::Error::PeerIncompatible(_)
        | rustls::Error::UnsupportedNameType => (format!("TLS: {error}"), true),
        _ => (format!("TLS: {error}"), false),
    })
}

/// Returns the description of a refused certificate.
fn certificate_problem(problem: &rustls::CertificateError) -> String {
    if let rustls::CertificateError::Other(other) = problem
        && let Some(webpki::Error::CaUsedAsEndEntity) = other.0.downcast_ref()
    {
        return "it is self-signed and not trusted".to_owned();
    }
    problem.to_string()
}

/// Returns the message of the innermost cause.
fn root_cause(error: &(dyn StdError + 'static)) -> String {
    Causes(Some(error))
        .last()
        .map(ToString::to_string)
        .unwrap_or_default()
}

/// An error and its causes.
struct Causes<'a>(Option<&'a (dyn StdError + 'static)>);

impl<'a> Iterator for Causes<'a> {
    type Item = &'a (dyn StdError + 'static);

    fn next(&mut self) -> Option<Self::Item> {
        let error = self.0?;
        // `source` of an I/O error skips the error inside.
        let inner = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
            .map(|inner| inner as &(dyn StdError + 'static));
        self.0 = inner.or_else(|| error.source());
        Some(error)
    }
}
