//! Volcano plots: which words set a topic apart, and how certainly.

use super::Differences;
use crate::figure::{Axis, Figure, Plot, Series};
use crate::linalg::falling;
use crate::models::Names;

/// Points of a plot at the most; beyond it the least certain are left out.
const POINTS: usize = 4000;

/// Words in the table beside it.
const LISTED: usize = 20;

impl Differences {
    /// The volcano plot of a topic: how large the change of each word is, and how certain.
    pub fn volcano(&self, topic: usize, names: &Names) -> Vec<Figure> {
        let n = self.lfc.n_rows();
        let z: Vec<f64> = (0..n).map(|w| self.z[(w, topic)].abs()).collect();
        let certain: Vec<usize> = falling(&z).into_iter().take(POINTS).collect();
        let is_sure = |w: usize| self.lfsr[(w, topic)] < 0.05;
        let group = |name: &str, keep: &dyn Fn(usize) -> bool| {
            let points = certain.iter().filter(|&&w| keep(w));
            let (x, y) = points.map(|&w| (self.shrunken[(w, topic)], z[w].max(0.01))).unzip();
            Series { name: name.into(), x, y }
        };
        let volcano = Figure::new(
            format!("Volcano plot of topic {}", topic + 1),
            "Words by their log fold change against the nearest other topic and by |z|, its certainty.",
            Plot::Scatter {
                x: Axis::linear("log2 fold change"),
                y: Axis::log("|z|"),
                series: vec![group("false sign rate below 5 %", &is_sure), group("others", &|w| !is_sure(w))],
            },
        );
        let header = ["word", "log2 fold change", "z", "false sign rate"].map(String::from).to_vec();
        let mut up: Vec<usize> = (0..n).filter(|&w| self.lfc[(w, topic)] > 0.0).collect();
        up.sort_by(|&a, &b| z[b].total_cmp(&z[a]));
        let row = |&w: &usize| {
            let number = |x: f64| format!("{x:.3}");
            vec![
                names.feature(w),
                number(self.shrunken[(w, topic)]),
                number(self.z[(w, topic)]),
                format!("{:.1e}", self.lfsr[(w, topic)]),
            ]
        };
        let table = Figure::new(
            format!("Words that topic {} has more of", topic + 1),
            "The most certain first.",
            Plot::Table { header, rows: up.iter().take(LISTED).map(row).collect() },
        );
        vec![volcano, table]
    }
}
