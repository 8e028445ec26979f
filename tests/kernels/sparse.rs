//! Sparse products. Values are small integers, whose sums are exact in any order: results must be equal,
//! not near.

use diabolo_kernels::gemm::{self, Epilogue};
use diabolo_kernels::parallel::with_threads;
use diabolo_kernels::sparse::{CsrRef, Malformed, Pattern, Sparse, reference};
use diabolo_kernels::{MatMut, MatRef, Real};
use proptest::prelude::*;

/// A sparse matrix that owns its arrays.
#[derive(Clone, Debug)]
struct Csr<T> {
    pattern: Pattern,
    values: Vec<T>,
}

impl<T: Real> Csr<T> {
    fn view(&self) -> CsrRef<'_, T> {
        CsrRef::new(self.pattern.as_ref(), &self.values)
    }
}

/// Numbers that look random: the same for the same seed.
fn scramble(seed: u64, index: usize) -> u64 {
    let mut x = seed.wrapping_add(index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// An integer from -4 to 4.
fn integer<T: Real>(seed: u64, index: usize) -> T {
    T::from_f64((scramble(seed, index) % 9) as f64 - 4.0)
}

fn integers<T: Real>(seed: u64, len: usize) -> Vec<T> {
    (0..len).map(|index| integer(seed, index)).collect()
}

/// A matrix with one place in `every` filled; columns in falling order, so never sorted. Every fifth row
/// is empty.
fn csr<T: Real>(n_rows: usize, n_cols: usize, every: u64, seed: u64) -> Csr<T> {
    let (mut indptr, mut indices) = (vec![0], Vec::new());
    for i in 0..n_rows {
        if i % 5 != 3 {
            let filled = |&j: &usize| scramble(seed, i * n_cols + j).is_multiple_of(every);
            indices.extend((0..n_cols).rev().filter(filled).map(|j| j as u32));
        }
        indptr.push(indices.len());
    }
    let values = integers(seed ^ 1, indices.len());
    let pattern = Pattern::new(n_rows, n_cols, indptr, indices).expect("a valid pattern");
    Csr { pattern, values }
}

/// A row-major matrix whose rows lie `gap` elements apart.
struct Padded<T> {
    data: Vec<T>,
    rows: usize,
    cols: usize,
    gap: usize,
}

impl<T: Real> Padded<T> {
    fn new(rows: usize, cols: usize, gap: usize, seed: u64) -> Self {
        Self { data: integers(seed, rows * (cols + gap)), rows, cols, gap }
    }
    fn view(&self) -> MatRef<'_, T> {
        MatRef::with_strides(&self.data, self.rows, self.cols, self.cols + self.gap, 1)
    }
    fn view_mut(&mut self) -> MatMut<'_, T> {
        MatMut::with_strides(&mut self.data, self.rows, self.cols, self.cols + self.gap, 1)
    }
}

/// The sizes of one product, and whatever else varies.
#[derive(Clone, Debug)]
struct Case {
    n_rows: usize,
    n_cols: usize,
    n: usize,
    every: u64,
    gap: usize,
    alpha: f64,
    beta: f64,
    seed: u64,
}

fn cases() -> impl Strategy<Value = Case> {
    // The widths are those beside a vector's, beside a panel's of eight vectors, and two panels'.
    let widths = vec![0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 15, 16, 17, 20, 31, 32, 33, 48, 63, 64, 65, 72, 129];
    (
        0_usize..24,
        0_usize..24,
        prop::sample::select(widths),
        1_u64..6,
        0_usize..3,
        prop::sample::select(vec![1.0, -0.5, 2.0]),
        prop::sample::select(vec![0.0, 1.0, 0.5]),
        any::<u64>(),
    )
        .prop_map(|(n_rows, n_cols, n, every, gap, alpha, beta, seed)| Case {
            n_rows,
            n_cols,
            n,
            every,
            gap,
            alpha,
            beta,
            seed,
        })
}

/// Every product of one case against the dense product of the same matrices.
fn products_are_exact<T: Real>(case: &Case) -> Result<(), TestCaseError> {
    let &Case { n_rows, n_cols, n, every, gap, seed, .. } = case;
    let (alpha, beta) = (T::from_f64(case.alpha), T::from_f64(case.beta));
    let a = csr::<T>(n_rows, n_cols, every, seed);
    let dense = reference::dense(a.view());
    let dense = MatRef::new(&dense, n_rows, n_cols);
    let matrix = |rows, cols, salt| Padded::<T>::new(rows, cols, gap, seed ^ salt);

    // C starts as a NaN where beta must not look at it; the gaps between its rows must stay as they are.
    let start = |rows, cols| {
        let mut c = matrix(rows, cols, 3);
        if beta == T::ZERO {
            for i in 0..rows {
                for j in 0..cols {
                    *c.view_mut().at_mut(i, j) = T::from_f64(f64::NAN);
                }
            }
        }
        c
    };
    let expect = |left: MatRef<T>, right: MatRef<T>| {
        let mut c = start(left.rows(), right.cols());
        gemm::reference::gemm(alpha, left, right, beta, c.view_mut(), Epilogue::default());
        c.data
    };

    let b = matrix(n_cols, n, 2);
    let mut c = start(n_rows, n);
    T::spmm(alpha, a.view(), b.view(), beta, c.view_mut());
    prop_assert_eq!(&c.data, &expect(dense, b.view()), "A B");
    let mut c = start(n_rows, n);
    reference::spmm(alpha, a.view(), b.view(), beta, c.view_mut());
    prop_assert_eq!(&c.data, &expect(dense, b.view()), "A B, reference");

    let b = matrix(n_rows, n, 4);
    let mut c = start(n_cols, n);
    T::spmm_t(alpha, a.view(), b.view(), beta, c.view_mut());
    prop_assert_eq!(&c.data, &expect(dense.t(), b.view()), "transpose of A, times B");

    let d = matrix(n, n_rows, 5);
    let mut c = start(n, n_cols);
    T::dense_spmm(alpha, d.view(), a.view(), beta, c.view_mut());
    prop_assert_eq!(&c.data, &expect(d.view(), dense), "D A");
    let (d_t, mut c_t) = (matrix(n_rows, n, 6), start(n_cols, n));
    T::dense_spmm(alpha, d_t.view().t(), a.view(), beta, c_t.view_mut().t());
    prop_assert_eq!(&c_t.data, &expect(dense.t(), d_t.view()), "column-major D A");

    let x = integers::<T>(seed ^ 7, n_cols);
    let mut y = integers::<T>(seed ^ 3, n_rows);
    let mut expected = y.clone();
    T::spmv(alpha, a.view(), &x, beta, &mut y);
    let column = |y| MatMut::new(y, n_rows, 1);
    reference::spmm(alpha, a.view(), MatRef::new(&x, n_cols, 1), beta, column(&mut expected));
    prop_assert_eq!(y, expected, "A x");

    let (pattern, values) = T::transpose(a.view());
    let a_t = CsrRef::new(pattern.as_ref(), &values);
    let transposed = reference::dense(a_t);
    for i in 0..n_rows {
        for j in 0..n_cols {
            prop_assert_eq!(transposed[j * n_rows + i], dense.at(i, j));
        }
    }
    let x = integers::<T>(seed ^ 8, n_rows);
    let mut y = integers::<T>(seed ^ 3, n_cols);
    let mut expected = y.clone();
    T::spmv_t(alpha, a.view(), &x, beta, &mut y);
    T::spmv(alpha, a_t, &x, beta, &mut expected);
    prop_assert_eq!(y, expected, "transpose of A, times x");
    Ok(())
}

/// Inner products at the entries, scaling, sums and dense rows.
fn entries_are_exact<T: Real>(case: &Case) -> Result<(), TestCaseError> {
    let &Case { n_rows, n_cols, n, every, gap, seed, .. } = case;
    let a = csr::<T>(n_rows, n_cols, every, seed);
    let pattern = a.pattern.as_ref();
    let dense = reference::dense(a.view());

    let (u, v) = (Padded::new(n_rows, n, gap, seed ^ 2), Padded::new(n_cols, n, gap, seed ^ 3));
    let mut out = vec![T::from_f64(f64::NAN); a.values.len()];
    let mut expected = out.clone();
    T::sddmm(pattern, u.view(), v.view(), &mut out);
    reference::sddmm(pattern, u.view(), v.view(), &mut expected);
    prop_assert_eq!(out, expected, "U V'");

    let (row_factors, col_factors) = (integers::<T>(seed ^ 4, n_rows), integers::<T>(seed ^ 5, n_cols));
    let mut scaled = a.clone();
    T::scale_rows(pattern, &row_factors, &mut scaled.values);
    T::scale_cols(pattern, &col_factors, &mut scaled.values);
    let scaled = reference::dense(scaled.view());
    let (mut row_sums, mut col_sums) = (vec![T::ZERO; n_rows], vec![T::ZERO; n_cols]);
    let (mut row_squares, mut col_squares) = (row_sums.clone(), col_sums.clone());
    for i in 0..n_rows {
        for j in 0..n_cols {
            let x = dense[i * n_cols + j];
            prop_assert_eq!(scaled[i * n_cols + j], row_factors[i] * x * col_factors[j]);
            row_sums[i] += x;
            col_sums[j] += x;
            row_squares[i] += x * x;
            col_squares[j] += x * x;
        }
    }
    prop_assert_eq!(T::row_sums(a.view()), row_sums);
    prop_assert_eq!(T::col_sums(a.view()), col_sums);
    prop_assert_eq!(T::row_square_sums(a.view()), row_squares);
    prop_assert_eq!(T::col_square_sums(a.view()), col_squares);

    let rows: Vec<usize> = (0..n).filter(|_| n_rows > 0).map(|q| q * 7 % n_rows.max(1)).collect();
    let mut out = Padded::<T>::new(rows.len(), n_cols, gap, seed);
    T::gather_rows(a.view(), &rows, out.view_mut());
    for (q, &i) in rows.iter().enumerate() {
        for j in 0..n_cols {
            prop_assert_eq!(out.view().at(q, j), dense[i * n_cols + j]);
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn products_equal_dense_ones(case in cases()) {
        products_are_exact::<f32>(&case)?;
        products_are_exact::<f64>(&case)?;
    }

    #[test]
    fn entries_equal_dense_ones(case in cases()) {
        entries_are_exact::<f32>(&case)?;
        entries_are_exact::<f64>(&case)?;
    }

    #[test]
    fn blocks_cover_the_rows_in_order(n_rows in 0_usize..60, work in 0_usize..40, seed in any::<u64>()) {
        let a = csr::<f32>(n_rows, 9, 3, seed);
        let mut next = 0;
        for rows in a.pattern.as_ref().blocks(work) {
            prop_assert_eq!(rows.start, next);
            prop_assert!(rows.end > rows.start);
            next = rows.end;
        }
        prop_assert_eq!(next, n_rows);
    }
}

/// A matrix of many blocks: exact against the plain loops, and the same bits for every number of threads
/// with values whose sums do depend on the order.
#[test]
fn threads_do_not_change_the_bits() {
    let (n_rows, n_cols, n) = (6000, 300, 65);
    let exact = csr::<f32>(n_rows, n_cols, 10, 1);
    let rough: Vec<f32> = exact.values.iter().enumerate().map(|(t, x)| x + 1.0 / (t + 3) as f32).collect();
    let b: Vec<f32> = (0..n_rows * n).map(|t| 1.0 / (t % 1009 + 1) as f32).collect();
    let products = |a: CsrRef<f32>, b: &[f32], n_threads: usize| {
        with_threads(n_threads, || {
            let mut ab = vec![0.0; n_rows * n];
            f32::spmm(1.0, a, MatRef::new(b, n_cols, n), 0.0, MatMut::new(&mut ab, n_rows, n));
            let mut atb = vec![0.0; n_cols * n];
            f32::spmm_t(1.0, a, MatRef::new(b, n_rows, n), 0.0, MatMut::new(&mut atb, n_cols, n));
            let mut uv = vec![0.0; a.nnz()];
            let (u, v) = (MatRef::new(b, n_rows, n), MatRef::new(b, n_cols, n));
            f32::sddmm(a.pattern(), u, v, &mut uv);
            [ab, atb, uv, f32::row_sums(a), f32::col_square_sums(a)]
        })
    };
    let rough = CsrRef::new(exact.pattern.as_ref(), &rough);
    let one = products(rough, &b, 1);
    for n_threads in [2, 3] {
        let many = products(rough, &b, n_threads);
        for (one, many) in one.iter().zip(&many) {
            assert!(one.iter().zip(many).all(|(x, y)| x.to_bits() == y.to_bits()), "{n_threads} threads");
        }
    }

    let b = integers::<f32>(2, n_rows * n);
    let [ab, atb, uv, ..] = products(exact.view(), &b, 2);
    let mut expected = vec![0.0; n_rows * n];
    let c = MatMut::new(&mut expected, n_rows, n);
    reference::spmm(1.0, exact.view(), MatRef::new(&b, n_cols, n), 0.0, c);
    assert!(ab == expected, "A B of many blocks");
    let (pattern, values) = f32::transpose(exact.view());
    let transposed = CsrRef::new(pattern.as_ref(), &values);
    let mut expected = vec![0.0; n_cols * n];
    let c = MatMut::new(&mut expected, n_cols, n);
    reference::spmm(1.0, transposed, MatRef::new(&b, n_rows, n), 0.0, c);
    assert!(atb == expected, "the transposed product of many blocks");
    let mut expected = vec![0.0; uv.len()];
    let (u, v) = (MatRef::new(&b, n_rows, n), MatRef::new(&b, n_cols, n));
    reference::sddmm(exact.pattern.as_ref(), u, v, &mut expected);
    assert!(uv == expected, "the sampled product of many blocks");
}

/// A transposed product of a batch: exact, and the same bits for every number of threads, whatever is left of a vector
/// at the end of a row.
#[test]
fn a_transposed_product_of_a_batch_is_exact() {
    let (n_rows, n_cols) = (128, 400);
    let exact = csr::<f32>(n_rows, n_cols, 10, 1);
    let (pattern, values) = f32::transpose(exact.view());
    let transposed = CsrRef::new(pattern.as_ref(), &values);
    let rough: Vec<f32> = exact.values.iter().enumerate().map(|(t, x)| x + 1.0 / (t + 3) as f32).collect();
    let rough = CsrRef::new(exact.pattern.as_ref(), &rough);
    for n in [1, 2, 7, 8, 9, 24, 31, 33, 49, 65, 100, 129] {
        let product = |a: CsrRef<f32>, b: &[f32], n_threads: usize| {
            with_threads(n_threads, || {
                let mut c = integers::<f32>(5, n_cols * n);
                f32::spmm_t(-0.5, a, MatRef::new(b, n_rows, n), 1.0, MatMut::new(&mut c, n_cols, n));
                c
            })
        };
        let b = integers::<f32>(2, n_rows * n);
        let mut expected = integers::<f32>(5, n_cols * n);
        let c = MatMut::new(&mut expected, n_cols, n);
        reference::spmm(-0.5, transposed, MatRef::new(&b, n_rows, n), 1.0, c);
        let b_rough: Vec<f32> = (0..n_rows * n).map(|t| 1.0 / (t % 1009 + 1) as f32).collect();
        let one = product(rough, &b_rough, 1);
        for n_threads in [1, 2, 3] {
            assert!(product(exact.view(), &b, n_threads) == expected, "{n} columns, {n_threads} threads");
            let many = product(rough, &b_rough, n_threads);
            assert!(one.iter().zip(&many).all(|(x, y)| x.to_bits() == y.to_bits()), "{n_threads} threads");
        }
    }
}

#[test]
fn repeated_columns_add_up() {
    let pattern = Pattern::new(1, 2, vec![0, 3], vec![1, 0, 1]).expect("a valid pattern");
    let a = CsrRef::new(pattern.as_ref(), &[1.0, 2.0, 4.0]);
    let mut y = [0.0];
    f64::spmv(1.0, a, &[10.0, 1.0], 0.0, &mut y);
    assert_eq!(y, [25.0]);
    let mut row = [0.0; 2];
    f64::gather_rows(a, &[0], MatMut::new(&mut row, 1, 2));
    assert_eq!(row, [2.0, 5.0]);
}

#[test]
fn malformed_arrays_are_refused() {
    let refusal = |n_rows, n_cols, indptr: &[usize], indices: &[u32]| {
        Pattern::new(n_rows, n_cols, indptr.to_vec(), indices.to_vec()).expect_err("malformed")
    };
    assert_eq!(refusal(2, 3, &[0, 1], &[0]), Malformed::RowPointers { expected: 3, received: 2 });
    assert_eq!(refusal(0, 3, &[], &[]), Malformed::RowPointers { expected: 1, received: 0 });
    assert_eq!(refusal(1, 3, &[1, 1], &[0]), Malformed::Order { row: 0 });
    assert_eq!(refusal(3, 3, &[0, 2, 1, 2], &[0, 1]), Malformed::Order { row: 1 });
    assert_eq!(refusal(2, 3, &[0, 1, 1], &[0, 1]), Malformed::Order { row: 1 });
    let beyond = refusal(3, 3, &[0, 1, 1, 2], &[0, 3]);
    assert_eq!(beyond, Malformed::Column { row: 2, column: 3, n_cols: 3 });
    assert_eq!(beyond.to_string(), "row 2 has an entry in column 3 of 3");
}

#[test]
#[should_panic(expected = "does not make")]
fn sizes_that_disagree_panic() {
    let a = csr::<f64>(3, 4, 2, 0);
    let b = [0.0; 15];
    let mut c = [0.0; 9];
    f64::spmm(1.0, a.view(), MatRef::new(&b, 5, 3), 0.0, MatMut::new(&mut c, 3, 3));
}
