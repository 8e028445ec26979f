//! Which values are larger: the rank-sum test (Wilcoxon 1945; Mann & Whitney 1947) with its correction for ties, and p-values
//! adjusted for many tests at once (Benjamini & Hochberg 1995).
//!
//! Of n values, R the sum of the ranks of the n1 inside, n2 = n - n1, t the sizes of groups of equal values:
//!
//! z = (R - n1 (n + 1) / 2) / sqrt(n1 n2 / 12 ((n + 1) - sum (t^3 - t) / (n (n - 1))))
//!
//! p = erfc(|z| / sqrt 2): two-sided, by the normal approximation, without a correction for continuity. Ranks are found once and
//! serve any number of groups.

use diabolo_kernels::special::erfc;
use std::f64::consts::FRAC_1_SQRT_2;

/// The ranks of some values, of which those that are 0 may be left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranks {
    n: usize,
    /// Places and ranks of the values that are not left out; places rise.
    ranked: Vec<(u32, f64)>,
    /// The rank of those left out.
    rank_of_rest: f64,
    /// sum (t^3 - t)
    ties: f64,
}

/// How a group stands among all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankSum {
    /// The standardised sum of ranks: above 0 where the group's values are larger.
    pub z: f64,
    /// Two-sided; 1 where there is nothing to tell: one side is empty, or all values are equal.
    pub p_value: f64,
    /// The probability that a value inside is larger than one outside, ties counting half; 0.5 of an empty side.
    pub auc: f64,
}

impl Ranks {
    /// Ranks of finite values, equal ones their mean.
    pub fn of(values: &[f64]) -> Ranks {
        let places: Vec<u32> = (0..values.len() as u32).collect();
        Ranks::of_sparse(values.len(), &places, values)
    }

    /// Ranks of `n` values of which those at `places`, which rise, are given and finite; the rest is 0.
    /// # Panics
    /// If there are more places than values, or other numbers of both.
    pub fn of_sparse(n: usize, places: &[u32], values: &[f64]) -> Ranks {
        assert_eq!(places.len(), values.len(), "a place for every value");
        assert!(places.len() <= n, "{} places of {n}", places.len());
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
        let n_rest = n - values.len();
        let mut ranked: Vec<(u32, f64)> = places.iter().map(|&place| (place, 0.0)).collect();
        // What was left out stands where 0 does.
        let (mut before, mut ties, mut rank_of_rest) = (0, 0.0, None);
        let mut tie = |size: usize| {
            let t = size as f64;
            ties += t * t * t - t;
        };
        let groups = order.chunk_by(|&a, &b| values[a] == values[b]);
        for group in groups {
            let value = values[group[0]];
            let mut size = group.len();
            if value >= 0.0 && rank_of_rest.is_none() {
                if value == 0.0 {
                    size += n_rest;
                } else if n_rest > 0 {
                    tie(n_rest);
                    before += n_rest;
                }
                rank_of_rest = Some(before as f64 - 0.5 * (n_rest as f64 - 1.0));
            }
            // Equal values share the mean of their ranks before + 1, ..., before + size.
            let rank = before as f64 + 0.5 * (size as f64 + 1.0);
            if value == 0.0 {
                rank_of_rest = Some(rank);
            }
            group.iter().for_each(|&i| ranked[i].1 = rank);
            tie(size);
            before += size;
        }
        if rank_of_rest.is_none() {
            tie(n_rest);
        }
        let rank_of_rest = rank_of_rest.unwrap_or(before as f64 + 0.5 * (n_rest as f64 + 1.0));
        Ranks { n, ranked, rank_of_rest, ties }
    }

    /// How the values inside, a flag for every value, stand among all.
    /// # Panics
    /// If there is another number of flags.
    pub fn compare(&self, inside: &[bool]) -> RankSum {
        assert_eq!(inside.len(), self.n, "a flag for every value");
        let n_inside = inside.iter().filter(|is| **is).count();
        let (n, n1) = (self.n as f64, n_inside as f64);
        let n2 = n - n1;
        let told = self.ranked.iter().filter(|(place, _)| inside[*place as usize]);
        let (n_told, sum) = told.fold((0, 0.0), |(n, sum), (_, rank)| (n + 1, sum + rank));
        let sum = sum + (n_inside - n_told) as f64 * self.rank_of_rest;
        let spread = n1 * n2 / 12.0 * ((n + 1.0) - self.ties / (n * (n - 1.0)).max(1.0));
        if n1 == 0.0 || n2 == 0.0 || spread <= 0.0 {
            return RankSum { z: 0.0, p_value: 1.0, auc: 0.5 };
        }
        let z = (sum - 0.5 * n1 * (n + 1.0)) / spread.sqrt();
        let auc = (sum - 0.5 * n1 * (n1 + 1.0)) / (n1 * n2);
        RankSum { z, p_value: erfc(z.abs() * FRAC_1_SQRT_2), auc }
    }
}

/// P-values adjusted so that the expected share of false ones among those below a level is at most that level:
/// q_(i) = min_{j >= i} p_(j) m / j, p rising.
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let m = p.len() as f64;
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut adjusted = vec![1.0; p.len()];
    let mut least: f64 = 1.0;
    for (rank, &i) in order.iter().enumerate().rev() {
        least = least.min(p[i] * m / (rank as f64 + 1.0));
        adjusted[i] = least;
    }
    adjusted
}
