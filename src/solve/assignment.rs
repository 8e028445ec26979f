//! The assignment of rows to columns that costs least (Kuhn 1955; Munkres 1957), by shortest augmenting paths
//! (Jonker & Volgenant 1987) in O(n^2 m).

use crate::linalg::Matrix;

/// For each row of an n x m cost matrix, n <= m, the column it is given: every column at most once, the sum of
/// the costs least. Of equal ones, the first in the order of the search.
///
/// Potentials u, v keep c_ij - u_i - v_j >= 0; each row in turn finds, as Dijkstra's algorithm does, the shortest
/// path to a free column, and the columns along it change hands.
/// # Panics
/// If there are more rows than columns, or a cost is NaN.
pub fn least_cost(costs: &Matrix<f64>) -> Vec<usize> {
    let (n, m) = (costs.n_rows(), costs.n_cols());
    assert!(n <= m, "{n} rows do not find a column each among {m}");
    assert!(costs.values().iter().all(|cost| !cost.is_nan()), "a cost that is no number");
    // Places count from 1; 0 stands for nobody.
    let (mut u, mut v) = (vec![0.0; n + 1], vec![0.0; m + 1]);
    let (mut owner, mut came_from) = (vec![0; m + 1], vec![0; m + 1]);
    for row in 1..=n {
        owner[0] = row;
        let mut at = 0;
        let (mut distance, mut done) = (vec![f64::INFINITY; m + 1], vec![false; m + 1]);
        loop {
            done[at] = true;
            let (i, mut least, mut next) = (owner[at], f64::INFINITY, 0);
            for j in 1..=m {
                if done[j] {
                    continue;
                }
                let reduced = costs[(i - 1, j - 1)] - u[i] - v[j];
                if reduced < distance[j] {
                    (distance[j], came_from[j]) = (reduced, at);
                }
                if distance[j] < least || next == 0 {
                    (least, next) = (distance[j], j);
                }
            }
            for j in 0..=m {
                if done[j] {
                    u[owner[j]] += least;
                    v[j] -= least;
                } else {
                    distance[j] -= least;
                }
            }
            at = next;
            if owner[at] == 0 {
                break;
            }
        }
        while at != 0 {
            owner[at] = owner[came_from[at]];
            at = came_from[at];
        }
    }
    let mut column = vec![0; n];
    (1..=m).filter(|&j| owner[j] > 0).for_each(|j| column[owner[j] - 1] = j - 1);
    column
}
