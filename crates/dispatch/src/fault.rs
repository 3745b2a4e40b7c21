//! The party at fault for a service error.

use inia_core::{Fault, ServiceError};
use inia_model::{Kind, ServiceModel};

/// Sets the party at fault: as the response says, or else by the error's definition, or else by the status.
pub(crate) fn set_fault(model: &ServiceModel, status: u16, error: &mut ServiceError) {
    error.is_fault_stated = error.fault.is_some();
    if error.is_fault_stated {
        return;
    }
    let shape = error
        .shape
        .as_ref()
        .and_then(|name| model.shape_id(name))
        .map(|id| model.shape(id));
    let is_sender_fault = shape.is_some_and(|shape| {
        matches!(&shape.kind, Kind::Structure(structure)
            if structure.error.as_ref().is_some_and(|traits| traits.sender_fault))
    });
    error.fault = if is_sender_fault {
        Some(Fault::Sender)
    } else if shape.is_some_and(|shape| shape.traits.is_fault()) {
        Some(Fault::Receiver)
    } else {
        match status {
            400..=499 => Some(Fault::Sender),
            500..=599 => Some(Fault::Receiver),
            _ => None,
        }
    };
}
