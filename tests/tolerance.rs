//! Every tolerance of the test suite, each with its reason.

/// A sum of products in another order: relative to the sum of the absolute products, times the length.
pub const SUM_F32: f64 = 1.2e-7;

/// The same in f64.
pub const SUM_F64: f64 = 2.3e-16;

/// Scaled and unscaled again: one rounding each of a difference, a quotient, a product and a sum.
pub const ROUND_TRIP_F64: f64 = 1e-14;

/// Scaled to about 1 and stored in f32: one rounding of the data and one of the result.
pub const SCALED_F32: f64 = 1e-6;
