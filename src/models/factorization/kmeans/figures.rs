//! What clusters have to show: their centres, their sizes, known classes among them, and where they lie.

use super::KMeans;
use crate::error::Result;
use crate::figure::{Axis, Colours, Figure, Plot, Series};
use crate::linalg::falling;
use crate::models::{Data, Labels, Names};
use diabolo_kernels::reduce::Reduce;

/// Features named in the table of centres.
const TOP_FEATURES: usize = 6;

/// Samples drawn in the scatter plot, evenly picked.
const SHOWN_SAMPLES: usize = 2000;

/// Most clusters told apart by colour.
const SHOWN_CLUSTERS: usize = 10;

impl KMeans {
    pub(super) fn draw(&self, x: &Data) -> Result<Vec<Figure>> {
        let clusters: Vec<u32> = self.nearest(x.finite_features()?)?.into_iter().map(|(c, _)| c).collect();
        let sizes = self.sizes(&clusters);
        let mut figures = vec![self.centres(x.names, &sizes), size_bars(&sizes)];
        if let Some(labels) = x.labels {
            figures.push(self.classes(&clusters, labels));
        }
        if let Some(scatter) = self.scatter(x, &clusters, &sizes)? {
            figures.push(scatter);
        }
        Ok(figures)
    }

    /// Number of samples of each cluster.
    fn sizes(&self, clusters: &[u32]) -> Vec<usize> {
        let mut sizes = vec![0; self.h().n_rows()];
        clusters.iter().for_each(|&c| sizes[c as usize] += 1);
        sizes
    }

    /// The centres: as pictures where samples are pictures, else by the features that set them apart.
    fn centres(&self, names: &Names, sizes: &[usize]) -> Figure {
        let h = self.h();
        if let Some((height, width)) = names.picture {
            let picture = |(c, row): (usize, &[f64])| (format!("{} ({})", c + 1, sizes[c]), row.to_vec());
            let high = h.values().iter().copied().fold(f64::MIN, f64::max);
            let low = h.values().iter().copied().fold(0.0, f64::min);
            return Figure::new(
                "Centres",
                "The mean of the samples of each cluster, with its number and its size.",
                Plot::Images {
                    height,
                    width,
                    pictures: h.rows().enumerate().map(picture).collect(),
                    per_row: 10,
                    range: Some((low, high.max(low + f64::MIN_POSITIVE))),
                    colours: Colours::Sequential,
                },
            );
        }
        let mean: Vec<f64> =
            (0..h.n_cols()).map(|j| h.col(j).iter().sum::<f64>() / h.n_rows() as f64).collect();
        let outstanding = |row: &[f64]| {
            let off: Vec<f64> = row.iter().zip(&mean).map(|(x, mean)| (x - mean).abs()).collect();
            let order = falling(&off);
            let named = |&j: &usize| format!("{} {:.3}", names.feature(j), row[j]);
            order.iter().take(TOP_FEATURES).map(named).collect::<Vec<_>>().join(", ")
        };
        let row =
            |(c, row): (usize, &[f64])| vec![format!("{}", c + 1), sizes[c].to_string(), outstanding(row)];
        Figure::new(
            "Centres",
            "The features in which a centre differs most from the mean of all centres, with their values.",
            Plot::Table {
                header: vec!["cluster".into(), "samples".into(), "most different features".into()],
                rows: h.rows().enumerate().map(row).collect(),
            },
        )
    }

    /// Clusters x classes, each row as shares of the cluster.
    fn classes(&self, clusters: &[u32], labels: &Labels) -> Figure {
        let (k, n_classes) = (self.h().n_rows(), labels.classes.len());
        let mut counts = vec![0.0; k * n_classes];
        for (&cluster, &class) in clusters.iter().zip(&labels.class) {
            counts[cluster as usize * n_classes + class as usize] += 1.0;
        }
        for row in counts.chunks_exact_mut(n_classes) {
            let total: f64 = row.iter().sum();
            row.iter_mut().for_each(|count| *count /= total.max(1.0));
        }
        Figure::new(
            "Known classes in the clusters",
            "Each row is a cluster: the share of its samples that belongs to each known class.",
            Plot::HeatMap {
                rows: k,
                cols: n_classes,
                values: counts,
                row_names: (1..=k).map(|c| format!("cluster {c}")).collect(),
                col_names: labels.classes.clone(),
                colours: Colours::Sequential,
            },
        )
    }

    /// Samples in the plane through the centres of the three largest clusters.
    fn scatter(&self, x: &Data, clusters: &[u32], sizes: &[usize]) -> Result<Option<Figure>> {
        let h = self.h();
        let order = falling(&sizes.iter().map(|&size| size as f64).collect::<Vec<f64>>());
        let [a, b, c] = match order[..] {
            [a, b, c, ..] if h.n_cols() >= 2 => [a, b, c],
            _ => return Ok(None),
        };
        let Some((first, second)) = plane(h.row(a), h.row(b), h.row(c)) else {
            return Ok(None);
        };
        let every = clusters.len().div_ceil(SHOWN_SAMPLES).max(1);
        let mut series: Vec<Series> = order
            .iter()
            .take(SHOWN_CLUSTERS)
            .map(|c| Series { name: format!("cluster {}", c + 1), x: vec![], y: vec![] })
            .collect();
        let features = x.features()?;
        let mut row = vec![0.0; h.n_cols()];
        for i in (0..clusters.len()).step_by(every) {
            let at = order.iter().position(|&c| c == clusters[i] as usize);
            if let Some(series) = at.and_then(|at| series.get_mut(at)) {
                features.row_into(i, &mut row);
                row.iter_mut().zip(h.row(a)).for_each(|(x, origin)| *x -= origin);
                series.x.push(f64::dot(&row, &first));
                series.y.push(f64::dot(&row, &second));
            }
        }
        let plot = Plot::Scatter {
            x: Axis::linear(format!("from centre {} towards centre {}", a + 1, b + 1)),
            y: Axis::linear(format!("across, towards centre {}", c + 1)),
            series,
        };
        let caption = "Samples projected on the plane through the centres of the three largest clusters.";
        Ok(Some(Figure::new("Where the clusters lie", caption, plot)))
    }
}

/// Sizes as bars.
fn size_bars(sizes: &[usize]) -> Figure {
    let bars = sizes.iter().enumerate().map(|(c, &size)| (format!("cluster {}", c + 1), size as f64));
    let plot = Plot::Bars { x: Axis::linear("samples"), bars: bars.collect() };
    Figure::new("Sizes", "The number of samples of each cluster.", plot)
}

/// An orthonormal basis of the plane through three points; `None` if they lie on a line.
fn plane(a: &[f64], b: &[f64], c: &[f64]) -> Option<(Vec<f64>, Vec<f64>)> {
    let difference = |to: &[f64]| -> Vec<f64> { to.iter().zip(a).map(|(to, from)| to - from).collect() };
    let first = unit(difference(b))?;
    let mut second = difference(c);
    let along = f64::dot(&second, &first);
    second.iter_mut().zip(&first).for_each(|(x, direction)| *x -= along * direction);
    Some((first, unit(second)?))
}

/// The vector at length 1, unless it has none.
fn unit(mut vector: Vec<f64>) -> Option<Vec<f64>> {
    let length = f64::dot(&vector, &vector).sqrt();
    vector.iter_mut().for_each(|x| *x /= length);
    (length > 1e-12).then_some(vector)
}
