//! diabolo
