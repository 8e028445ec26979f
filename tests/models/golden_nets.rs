//! Golden networks: weights, frames and what independent code makes of them.

use diabolo::tensors::{Named, Owned, Tensor};
use std::path::Path;

/// Little-endian f32.
fn numbers(path: &Path) -> Vec<f32> {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

/// The weights of a folder by their names: lines of name, shape and place in `manifest.tsv`.
pub fn weights(folder: &Path) -> Named {
    let values = numbers(&folder.join("weights.f32"));
    let manifest = std::fs::read_to_string(folder.join("manifest.tsv")).expect("a manifest");
    let mut named = Named::default();
    for line in manifest.lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        let shape: Vec<usize> = cells[1].split('x').map(|side| side.parse().expect("a size")).collect();
        let (start, n) = (cells[2].parse::<usize>().expect("a place"), shape.iter().product::<usize>());
        named.insert(cells[0], Tensor { shape, values: Owned::F32(values[start..start + n].to_vec()) });
    }
    named
}

/// A frame of colours in planes as pixels x colours.
pub fn frame(path: &Path) -> Vec<f32> {
    let planes = numbers(path);
    let n = planes.len() / 3;
    (0..planes.len()).map(|at| planes[at % 3 * n + at / 3]).collect()
}

/// The largest and the mean absolute difference.
pub fn distance(found: &[f32], expected: &[f32]) -> (f64, f64) {
    assert_eq!(found.len(), expected.len());
    let differences = found.iter().zip(expected).map(|(a, b)| f64::from((a - b).abs()));
    let (largest, sum) = differences
        .fold((0.0, 0.0), |(m, s): (f64, f64), d| (if d > m || d.is_nan() { d } else { m }, s + d));
    (largest, sum / found.len() as f64)
}
