//! MatrixMarket against scipy's files, in any order of entries, and at speed of memory.

use super::{golden, gzip, read_file};
use crate::data::real;
use diabolo::io::entries::Entries;
use diabolo::io::read::{Missing, ReadOptions, read};
use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::monitor::Budget;
use proptest::prelude::*;

/// The 6 x 5 matrix of tests/io/files/make_text.py.
fn expected() -> Matrix<f64> {
    Matrix::from_fn(6, 5, |i, j| if (i + 2 * j).is_multiple_of(3) { (i + 2 * j + 1) as f64 } else { 0.0 })
}

/// Its first five rows plus (or minus) their transpose.
fn square(sign: f64) -> Matrix<f64> {
    let x = expected();
    Matrix::from_fn(5, 5, |i, j| x[(i, j)] + sign * x[(j, i)])
}

fn golden_dense(name: &str, is_sparse: bool) -> Matrix<f64> {
    let features = golden(name).unwrap_or_else(|error| panic!("{error}")).features;
    assert_eq!(features.is_sparse(), is_sparse, "{name}");
    features.to_dense()
}

#[test]
fn files_of_scipy() {
    for name in ["mtx_integer.mtx", "mtx_integer.mtx.gz", "mtx_by_column.mtx"] {
        assert_eq!(golden_dense(name, true), expected(), "{name}");
    }
    let eighths = Matrix::from_fn(6, 5, |i, j| expected()[(i, j)] / 8.0);
    assert_eq!(golden_dense("mtx_real.mtx", true), eighths);
    assert_eq!(golden_dense("mtx_array.mtx", false), eighths);
    assert_eq!(golden_dense("mtx_array_integer.mtx", false), expected());
    let ones = Matrix::from_fn(6, 5, |i, j| if expected()[(i, j)] != 0.0 { 1.0 } else { 0.0 });
    assert_eq!(golden_dense("mtx_pattern.mtx", true), ones);
    assert_eq!(golden_dense("mtx_symmetric.mtx", true), square(1.0));
    assert_eq!(golden_dense("mtx_array_symmetric.mtx", false), square(1.0));
    assert_eq!(golden_dense("mtx_skew.mtx", true), square(-1.0));
    assert_eq!(golden_dense("mtx_array_skew.mtx", false), square(-1.0));
}

#[test]
fn complex_files_of_scipy_are_refused() {
    for name in ["mtx_complex.mtx", "mtx_hermitian.mtx"] {
        let error = golden(name).unwrap_err();
        assert_eq!(error.exit_code(), 65);
        assert!(
            error.to_string().ends_with(".mtx:1: complex values are not taken; write their moduli as `real`")
        );
    }
}

#[test]
fn transposed_while_reading() {
    let options = ReadOptions { transpose: true, ..ReadOptions::default() };
    for name in ["mtx_integer.mtx", "mtx_by_column.mtx", "mtx_array_integer.mtx"] {
        let data = read(&super::golden_path(name), &options, &Budget::unlimited()).unwrap();
        assert_eq!(data.features.to_dense(), expected().transposed(), "{name}");
    }
}

#[test]
fn loosely_written_files() {
    let text = "%%matrixmarket MATRIX Coordinate REAL General\r\n%comment\r\n\r\n  2\t3 4 \r\n1 1 1e0\r\n% late\r\n\
                \n2   3\t2.5\r\n1 1 .5  \r\n1 3 -1E1";
    let data = read_file(text.as_bytes(), &ReadOptions::default()).unwrap();
    let expected = Csr::new(3, vec![0, 2, 3], vec![0, 2, 2], vec![1.5, -10.0, 2.5]).unwrap();
    assert_eq!(data.features, expected.into());
}

#[test]
fn missing_values_in_coordinates() {
    let text = b"%%MatrixMarket matrix coordinate real general\n2 2 2\n1 2 NA\n2 1 3\n";
    let with = |missing| read_file(text, &ReadOptions { missing, ..ReadOptions::default() });
    let refused = with(Missing::Refuse).unwrap_err().to_string();
    assert_eq!(refused, "file:3: the value is missing; read such values with --missing nan or zero");
    assert_eq!(with(Missing::Zero).unwrap().features.to_dense().values(), [0.0, 0.0, 3.0, 0.0]);
    assert!(with(Missing::Nan).unwrap().features.to_dense()[(0, 1)].is_nan());
}

#[test]
fn real_matrices() {
    for (path, shape, nnz, total) in [
        ("news20/tr.mtx.gz", (11_214, 3_072), 603_211, 919_850.0),
        ("mouse_neuron/mouse_neuron_10k_x1000.mtx.gz", (10_000, 1_000), 691_914, f64::NAN),
        ("cora/features.mtx.gz", (2_708, 1_433), 49_216, 49_216.0),
    ] {
        let Some(path) = real(path) else { return };
        let budget = Budget::unlimited();
        let data = read(&path, &ReadOptions::default(), &budget).unwrap();
        let Features::Sparse(x) = &data.features else { panic!("{} is sparse", path.display()) };
        assert_eq!((x.n_rows(), x.n_cols()), shape);
        assert_eq!(x.nnz(), nnz);
        if total.is_finite() {
            assert_eq!(x.values().iter().sum::<f64>(), total);
        }
        let held = 12 * nnz + 8 * (x.n_rows() + 1);
        assert_eq!(budget.used(), held as u64, "what stays charged is what is held");
    }
}

/// Entries of a small matrix with places that come up several times.
fn triplets() -> impl Strategy<Value = (usize, usize, Vec<(u32, u32, f64)>)> {
    (1..12_usize, 1..12_usize).prop_flat_map(|(n_rows, n_cols)| {
        let value = (-8..8_i32).prop_map(|eighths| f64::from(eighths) / 8.0);
        let entry = (0..n_rows as u32, 0..n_cols as u32, value);
        (Just(n_rows), Just(n_cols), proptest::collection::vec(entry, 0..60))
    })
}

fn gather(n_rows: usize, n_cols: usize, triplets: &[(u32, u32, f64)], budget: &Budget) -> Csr<f64> {
    let mut entries = Entries::new(budget);
    triplets.iter().for_each(|&(i, j, x)| entries.push(i, j, x).unwrap());
    entries.into_csr(n_rows, n_cols).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Gathered in place in any order, entries are what sorting them as a list makes of them.
    #[test]
    fn entries_in_any_order((n_rows, n_cols, triplets) in triplets(), by_row: bool) {
        let mut triplets = triplets;
        if by_row {
            triplets.sort_by_key(|entry| entry.0);
        }
        let budget = Budget::unlimited();
        let gathered = gather(n_rows, n_cols, &triplets, &budget);
        let held = 12 * gathered.nnz() + 8 * (n_rows + 1);
        prop_assert_eq!(budget.used(), held as u64);
        // Eighths sum exactly, so the order of summation does not matter here.
        let expected = Csr::from_triplets(n_rows, n_cols, triplets).unwrap();
        prop_assert_eq!(gathered, expected);
    }

    /// The same file plain, compressed and with shuffled lines.
    #[test]
    fn files_in_any_order((n_rows, n_cols, triplets) in triplets(), seed: u64) {
        let mut lines: Vec<String> =
            triplets.iter().map(|(i, j, x)| format!("{} {} {x}\n", i + 1, j + 1)).collect();
        let header = format!("%%MatrixMarket matrix coordinate real general\n{n_rows} {n_cols} {}\n", lines.len());
        let plain = header.clone() + &lines.concat();
        let n_lines = lines.len().max(1);
        lines.rotate_left(seed as usize % n_lines);
        lines.reverse();
        let shuffled = header + &lines.concat();
        let expected: Features = Csr::from_triplets(n_rows, n_cols, triplets).unwrap().into();
        for bytes in [plain.as_bytes(), &gzip(plain.as_bytes()), shuffled.as_bytes()] {
            prop_assert_eq!(&read_file(bytes, &ReadOptions::default()).unwrap().features, &expected);
        }
    }
}

/// The sum of a place does not depend on the order of its entries, even where it rounds.
#[test]
fn sums_do_not_depend_on_the_order() {
    let budget = Budget::unlimited();
    let parts = [1e16, 1.0, -1e16, 3.0, 0.1];
    let sums: Vec<f64> = (0..parts.len())
        .map(|first| {
            let mut parts = parts;
            parts.rotate_left(first);
            let triplets = parts.map(|x| (0, 0, x));
            gather(1, 1, &triplets, &budget).values()[0]
        })
        .collect();
    assert!(sums.windows(2).all(|pair| pair[0] == pair[1]), "{sums:?}");
}

#[test]
fn entries_out_of_bounds_are_refused() {
    let budget = Budget::unlimited();
    for triplets in [&[(3, 0, 1.0)][..], &[(3, 0, 1.0), (0, 0, 1.0)], &[(0, 2, 1.0)]] {
        let mut entries = Entries::new(&budget);
        triplets.iter().for_each(|&(i, j, x)| entries.push(i, j, x).unwrap());
        assert!(matches!(entries.into_csr(3, 2), Err(diabolo::Error::Shape { .. })));
    }
}
