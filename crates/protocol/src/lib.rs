//! inia-protocol
