//! inia-model
