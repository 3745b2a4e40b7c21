//! inia-core
