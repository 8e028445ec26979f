//! How well lists of items name those that were left out of a fit.
//!
//! For a user with relevant items R (those left out) and a list l_1, l_2, ... without the items the user is known to
//! have, let h_q be 1 where l_q is in R, else 0. At a depth n (Liang, Krishnan, Hoffman & Jebara 2018, section 4.2):
//!
//! recall@n = sum_{q <= n} h_q / min(n, |R|)
//! NDCG@n = sum_{q <= n} h_q / log2(q + 1)  /  sum_{q <= min(n, |R|)} 1 / log2(q + 1)
//!
//! Both are 1 where the relevant items come first, and are averaged over the users with a relevant item.

/// The depth that rankings are compared at.
pub const DEPTH: usize = 20;

/// Recall and NDCG at the depths 1, 2, ..., averaged over users.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    /// recall@n for n = 1, 2, ...
    pub recall: Vec<f64>,
    /// NDCG@n for n = 1, 2, ...
    pub ndcg: Vec<f64>,
    /// Users that the means are over.
    pub n_users: usize,
}

impl Ranking {
    /// Of (list, relevant items) of each user, to `depth`; relevant items rise. A list that ends before `depth` hits
    /// nothing after its end. `None` where no user has a relevant item.
    pub fn of<'a>(users: impl Iterator<Item = (&'a [u32], &'a [u32])>, depth: usize) -> Option<Ranking> {
        let discount: Vec<f64> = (0..depth).map(|q| 1.0 / ((q + 2) as f64).log2()).collect();
        // ideal[q] is the largest gain of q + 1 items.
        let ideal: Vec<f64> = discount
            .iter()
            .scan(0.0, |sum, gain| {
                *sum += gain;
                Some(*sum)
            })
            .collect();
        let (mut recall, mut ndcg, mut n_users) = (vec![0.0; depth], vec![0.0; depth], 0_usize);
        for (list, relevant) in users.filter(|(_, relevant)| !relevant.is_empty()) {
            n_users += 1;
            let (mut hits, mut gain) = (0.0, 0.0);
            for q in 0..depth {
                if list.get(q).is_some_and(|item| relevant.binary_search(item).is_ok()) {
                    hits += 1.0;
                    gain += discount[q];
                }
                let possible = (q + 1).min(relevant.len());
                recall[q] += hits / possible as f64;
                ndcg[q] += gain / ideal[possible - 1];
            }
        }
        let mean = |sums: Vec<f64>| sums.into_iter().map(|sum| sum / n_users as f64).collect();
        (n_users > 0).then(|| Ranking { recall: mean(recall), ndcg: mean(ndcg), n_users })
    }

    /// (recall, NDCG) at depth `n`, 0 at depth 0.
    /// # Panics
    /// If `n` is beyond the depth there is.
    pub fn at(&self, n: usize) -> (f64, f64) {
        if n == 0 { (0.0, 0.0) } else { (self.recall[n - 1], self.ndcg[n - 1]) }
    }
}
