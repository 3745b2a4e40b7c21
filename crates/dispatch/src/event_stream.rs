//! [`EventStream`]: an answer that arrives event by event.

use std::fmt;
use std::sync::Arc;

use inia_core::Result;
use inia_model::{Operation, ServiceModel};
use inia_protocol::Codec;

use crate::ByteStream;

/// The events of an answer, in order.
pub struct EventStream {
    _body: ByteStream,
}

impl EventStream {
    pub(crate) fn new(
        _model: Arc<ServiceModel>,
        _codec: Arc<dyn Codec>,
        _operation: &Operation,
        body: ByteStream,
    ) -> Result<Self> {
        Ok(EventStream { _body: body })
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").finish_non_exhaustive()
    }
}
