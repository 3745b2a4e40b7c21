//! [`Interceptor`]: code of the user that sees and changes calls.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use inia_core::{Error, Result, RetryClass, Str, Value};
use inia_protocol::{Headers, Request};

use crate::Output;
use crate::transport::{WireRequest, WireResponse};

/// Sees and changes calls: of a session ([`SessionBuilder::interceptor`](crate::SessionBuilder::interceptor)), a client
/// ([`Client::with_interceptor`](crate::Client::with_interceptor)) or a single call ([`Call::interceptor`](crate::Call::interceptor)).
///
/// Every method does nothing by default. They are called in this order:
///
/// | step | before it | after it |
/// |---|---|---|
/// | the whole call | [`before_call`](Self::before_call) | [`after_call`](Self::after_call) |
/// | completion of the parameters (defaults, customizations) | [`before_params`](Self::before_params) | [`after_params`](Self::after_params) |
/// | validation and serialization | [`after_params`](Self::after_params) | [`after_serialize`](Self::after_serialize) |
/// | signature, in each attempt | [`before_sign`](Self::before_sign) | [`before_send`](Self::before_send) |
/// | sending, in each attempt | [`before_send`](Self::before_send) | [`after_send`](Self::after_send) |
/// | parsing, in each attempt | [`after_send`](Self::after_send) | [`after_parse`](Self::after_parse) |
/// | decision about a retry, after a failed attempt | | [`on_retry_decision`](Self::on_retry_decision) |
///
/// Interceptors of the session come first, those of the call last; after sending, the order is reversed. The customizations of services run
/// at the same points: before the interceptors until the request is sent, and before them again when a response was received. An error of a
/// method ends the call, or is the error of the attempt and may be retried.
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering};
/// # mod inia { pub use inia_core::*; pub use inia_dispatch::*; pub mod interceptor { pub use inia_dispatch::*; } pub mod protocol { pub use inia_protocol::*; } }
/// use inia::{Result, Session};
/// use inia::interceptor::{CallContext, Interceptor};
/// use inia::protocol::Headers;
///
/// /// Numbers the requests, in a header that is signed.
/// struct Numbered(AtomicU32);
///
/// impl Interceptor for Numbered {
///     fn before_sign(&self, _: &mut CallContext, headers: &mut Headers) -> Result<()> {
///         let number = self.0.fetch_add(1, Ordering::Relaxed);
///         headers.set("x-number", number.to_string());
///         Ok(())
///     }
/// }
///
/// let session = Session::builder().interceptor(Numbered(AtomicU32::new(0))).build()?;
/// # Ok::<(), inia_core::Error>(())
/// ```
#[expect(unused_variables, reason = "the default methods do nothing")]
pub trait Interceptor: Send + Sync {
    /// Called first.
    ///
    /// # Errors
    /// Ends the call.
    fn before_call(&self, context: &mut CallContext) -> Result<()> {
        Ok(())
    }

    /// Sees and changes the parameters as they were given.
    ///
    /// # Errors
    /// Ends the call.
    fn before_params(&self, context: &mut CallContext, params: &mut Value) -> Result<()> {
        Ok(())
    }

    /// Sees and changes the complete parameters, which are validated and serialized next.
    ///
    /// # Errors
    /// Ends the call.
    fn after_params(&self, context: &mut CallContext, params: &mut Value) -> Result<()> {
        Ok(())
    }

    /// Sees and changes the serialized request, before its checksum is computed. The body is empty if it is a stream. Called again if the
    /// request is redirected to another region.
    ///
    /// # Errors
    /// Ends the call.
    fn after_serialize(&self, context: &mut CallContext, request: &mut Request) -> Result<()> {
        Ok(())
    }

    /// Sees and changes the headers of an attempt before they are signed. Names are in lower case.
    ///
    /// # Errors
    /// Fails the attempt.
    fn before_sign(&self, context: &mut CallContext, headers: &mut Headers) -> Result<()> {
        Ok(())
    }

    /// Sees and changes the signed request of an attempt. Changes of what is signed make the signature invalid.
    ///
    /// # Errors
    /// Fails the attempt.
    fn before_send(&self, context: &mut CallContext, request: &mut WireRequest) -> Result<()> {
        Ok(())
    }

    /// Sees and changes the response of an attempt before it is parsed.
    ///
    /// # Errors
    /// Fails the attempt.
    fn after_send(&self, context: &mut CallContext, response: &mut WireResponse) -> Result<()> {
        Ok(())
    }

    /// Sees and changes the output of a successful attempt.
    ///
    /// # Errors
    /// Fails the attempt.
    fn after_parse(&self, context: &mut CallContext, output: &mut Output) -> Result<()> {
        Ok(())
    }

    /// Sees and changes the decision about a retry, after a failed attempt.
    ///
    /// # Errors
    /// Ends the call.
    fn on_retry_decision(
        &self,
        context: &mut CallContext,
        decision: &mut RetryDecision<'_>,
    ) -> Result<()> {
        Ok(())
    }

    /// Sees and changes the result of the call.
    fn after_call(&self, context: &mut CallContext, result: &mut Result<Output>) {}
}

/// The decision about a retry after a failed attempt.
#[derive(Debug)]
#[non_exhaustive]
pub struct RetryDecision<'a> {
    /// The error of the attempt.
    pub error: &'a Error,
    /// The class of the error.
    pub class: RetryClass,
    /// True if another attempt is made. An interceptor cannot exceed the maximum number of attempts, nor send a body twice that can be
    /// read only once.
    pub will_retry: bool,
    /// The delay before the next attempt.
    pub delay: Duration,
}

/// The call that an interceptor sees.
pub struct CallContext {
    service: Str,
    operation: Str,
    region: Option<Str>,
    attempt: u32,
    extensions: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
}

impl CallContext {
    /// Returns the service's name, such as `dynamodb`.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// Returns the operation's name, such as `GetItem`.
    #[must_use]
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// Returns the client's region; `None` if it has none.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// Returns the number of the attempt, counted from 1; 0 before the first one.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Stores a value for later interceptors of the call, one of each type. Returns the previous one.
    pub fn insert<T: Any + Send + Sync>(&mut self, value: T) -> Option<T> {
        let previous = self.extensions.insert(TypeId::of::<T>(), Box::new(value))?;
        previous.downcast().ok().map(|previous| *previous)
    }

    /// Returns the value of a type.
    #[must_use]
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.extensions.get(&TypeId::of::<T>())?.downcast_ref()
    }

    /// Returns the value of a type for changes.
    pub fn get_mut<T: Any>(&mut self) -> Option<&mut T> {
        self.extensions.get_mut(&TypeId::of::<T>())?.downcast_mut()
    }
}

/// Omits the extensions, which may be secrets.
impl fmt::Debug for CallContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallContext")
            .field("service", &self.service)
            .field("operation", &self.operation)
            .field("region", &self.region)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

/// Interceptors in order.
#[derive(Clone, Default)]
pub(crate) struct Interceptors(Vec<Arc<dyn Interceptor>>);

impl Interceptors {
    pub(crate) fn push(&mut self, interceptor: impl Interceptor + 'static) {
        self.0.push(Arc::new(interceptor));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Interceptors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} interceptors", self.0.len())
    }
}

/// The interceptors of one call, and their context.
pub(crate) struct Interception {
    interceptors: Vec<Arc<dyn Interceptor>>,
    context: Mutex<CallContext>,
}

impl Interception {
    /// Creates the interception of a call by the interceptors of its client and its own.
    pub(crate) fn new(
        client: &Interceptors,
        call: &Interceptors,
        service: &Str,
        operation: &Str,
        region: Option<&Str>,
    ) -> Self {
        Interception {
            interceptors: client.0.iter().chain(&call.0).cloned().collect(),
            context: Mutex::new(CallContext {
                service: service.clone(),
                operation: operation.clone(),
                region: region.cloned(),
                attempt: 0,
                extensions: HashMap::new(),
            }),
        }
    }

    fn context(&self) -> MutexGuard<'_, CallContext> {
        self.context.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn start_attempt(&self, number: u32) {
        self.context().attempt = number;
    }

    /// Calls a method of all interceptors, until one fails.
    pub(crate) fn before(
        &self,
        mut method: impl FnMut(&dyn Interceptor, &mut CallContext) -> Result<()>,
    ) -> Result<()> {
        let mut context = self.context();
        self.interceptors
            .iter()
            .try_for_each(|interceptor| method(&**interceptor, &mut context))
    }

    /// Calls a method of all interceptors in reverse order, until one fails.
    pub(crate) fn after(
        &self,
        mut method: impl FnMut(&dyn Interceptor, &mut CallContext) -> Result<()>,
    ) -> Result<()> {
        let mut context = self.context();
        self.interceptors
            .iter()
            .rev()
            .try_for_each(|interceptor| method(&**interceptor, &mut context))
    }
}

impl fmt::Debug for Interception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} interceptors", self.interceptors.len())
    }
}
