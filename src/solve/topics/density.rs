//! Rising factorials, of which the density of topics is made: rise(a, n) = a (a + 1) ... (a + n - 1), which is
//! Gamma(a + n) / Gamma(a).

use diabolo_kernels::special::lgamma;

/// Factors that are multiplied before a logarithm is taken: each is between 1e-6 and 1e9.
const PER_LOGARITHM: usize = 16;

/// ln Gamma(a + n) - ln Gamma(a)
pub(super) fn ln_rise(a: f64, n: f64) -> f64 {
    lgamma(a + n) - lgamma(a)
}

/// Sums of ln rise(a_k, n_k) over lists of topics, one factor a token.
pub(super) struct Rises {
    counts: Vec<f64>,
    pub(super) ln_sum: f64,
}

impl Rises {
    pub(super) fn new(n_topics: usize) -> Rises {
        Rises { counts: vec![0.0; n_topics], ln_sum: 0.0 }
    }

    pub(super) fn add(&mut self, topics: impl Iterator<Item = u32> + Clone, prior: impl Fn(usize) -> f64) {
        let mut product = 1.0_f64;
        for (t, k) in topics.clone().enumerate() {
            let count = &mut self.counts[k as usize];
            product *= *count + prior(k as usize);
            *count += 1.0;
            if t % PER_LOGARITHM == PER_LOGARITHM - 1 {
                self.ln_sum += product.ln();
                product = 1.0;
            }
        }
        self.ln_sum += product.ln();
        topics.for_each(|k| self.counts[k as usize] = 0.0);
    }
}
