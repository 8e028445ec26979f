//! The same by plain loops in f64.

/// ln(1 + e^s)
pub fn softplus(s: f64) -> f64 {
    s.max(0.0) + (-s.abs()).exp().ln_1p()
}

/// 1 / (1 + e^-s)
pub fn sigmoid(s: f64) -> f64 {
    if s >= 0.0 { 1.0 / (1.0 + (-s).exp()) } else { s.exp() / (1.0 + s.exp()) }
}

/// sum_ij ln(1 + e^(z_i · z_j)) of n rows of d, and 2 sum_j sigma(z_i · z_j) z_j.
pub fn all_pairs(z: &[f64], d: usize) -> (f64, Vec<f64>) {
    let mut gradient = vec![0.0; z.len()];
    let mut total = 0.0;
    for (a, into) in z.chunks_exact(d).zip(gradient.chunks_exact_mut(d)) {
        // By rows: equal terms are rounded alike, and a sum of all of them would drift.
        let mut of_row = 0.0;
        for b in z.chunks_exact(d) {
            let s: f64 = a.iter().zip(b).map(|(x, y)| x * y).sum();
            of_row += softplus(s);
            into.iter_mut().zip(b).for_each(|(g, x)| *g += 2.0 * sigmoid(s) * x);
        }
        total += of_row;
    }
    (total, gradient)
}

/// linked ln(1 + e^-s) + unlinked ln(1 + e^s), and its derivative.
pub fn some_pair(linked: f64, unlinked: f64, s: f64) -> (f64, f64) {
    (linked * softplus(-s) + unlinked * softplus(s), unlinked * sigmoid(s) - linked * sigmoid(-s))
}
