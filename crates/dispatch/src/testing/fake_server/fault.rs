//! [`Fault`]: a failure of some requests.

use std::str::FromStr;

use inia_core::{Error, ErrorKind, Str};

/// A failure of some of a server's requests, such as `503:0.2`.
///
/// | text | failure |
/// |---|---|
/// | `503` | a response with this status and no body |
/// | `ThrottlingException` | the error of this code, in the service's wire format |
/// | `reset` | the connection is closed without a response |
/// | `stall` | no response, until the client gives up |
///
/// A colon and a probability follow: `503:0.2` fails a fifth of all requests. Without them, all fail.
///
/// ```
/// use inia_dispatch::testing::Fault;
///
/// let fault: Fault = "503:0.2".parse()?;
/// assert_eq!(fault.to_string(), "503:0.2");
/// assert!("503:2".parse::<Fault>().is_err());
/// # Ok::<(), inia_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub(super) kind: FaultKind,
    rate: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum FaultKind {
    Status(u16),
    Error(Str),
    Reset,
    Stall,
}

impl Fault {
    /// Returns true if a request fails. `random` is a number in 0..1.
    pub(super) fn occurs(&self, random: f64) -> bool {
        random < self.rate
    }
}

impl FromStr for Fault {
    type Err = Error;

    /// # Errors
    /// `Config`: the text is not a fault.
    fn from_str(text: &str) -> Result<Self, Error> {
        let invalid = || {
            Error::new(
                ErrorKind::Config,
                format!(
                    "invalid fault {text:?}: expected a status, an error code, reset or stall, and a probability: 503:0.2"
                ),
            )
        };
        let (name, rate) = text.split_once(':').unwrap_or((text, "1"));
        let rate: f64 = rate.parse().map_err(|_| invalid())?;
        let kind = match (name, name.parse::<u16>()) {
            ("reset", _) => FaultKind::Reset,
            ("stall", _) => FaultKind::Stall,
            (_, Ok(status)) if (200..=599).contains(&status) => FaultKind::Status(status),
            (name, Err(_)) if name.starts_with(|first: char| first.is_ascii_alphabetic()) => {
                FaultKind::Error(Str::from(name))
            }
            _ => return Err(invalid()),
        };
        if !(0.0..=1.0).contains(&rate) {
            return Err(invalid());
        }
        Ok(Fault { kind, rate })
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.kind {
            FaultKind::Status(status) => write!(f, "{status}:{}", self.rate),
            FaultKind::Error(code) => write!(f, "{code}:{}", self.rate),
            FaultKind::Reset => write!(f, "reset:{}", self.rate),
            FaultKind::Stall => write!(f, "stall:{}", self.rate),
        }
    }
}
