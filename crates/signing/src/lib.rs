//! inia-signing
