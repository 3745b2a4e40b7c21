//! inia-dispatch
