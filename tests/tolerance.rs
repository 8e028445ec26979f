//! Every tolerance of the test suite, each with its reason.

/// A sum of products in another order: relative to the sum of the absolute products, times the length.
pub const SUM_F32: f64 = 1.2e-7;

/// The same in f64.
pub const SUM_F64: f64 = 2.3e-16;
