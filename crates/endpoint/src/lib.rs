//! inia-endpoint
