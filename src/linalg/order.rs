//! The order of values: one sort for all that ranks by a number.

/// The places of the values, largest first; equal ones, and NaN by its sign, keep their order.
pub fn falling(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    order
}
