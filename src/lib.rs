//! inia
