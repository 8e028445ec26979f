//! Decompositions: the product of the factors is the matrix, orthonormal factors are, order is as stated.

use crate::tolerance::{DECOMP_F32, DECOMP_F64};
use diabolo_kernels::decomp::{Decompose, Triangle};
use diabolo_kernels::gemm::{Epilogue, reference};
use diabolo_kernels::parallel::with_threads;
use diabolo_kernels::{Failure, MatMut, MatRef, Real};
use proptest::prelude::*;

/// A row-major matrix of numbers in [-1, 1], of rank `rank` at most.
fn matrix<T: Real>(m: usize, n: usize, rank: usize, seed: u64) -> Vec<T> {
    let mut state = seed | 1;
    let mut next = || {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        T::from_f64((state >> 40) as f64 / (1_u64 << 23) as f64 - 1.0)
    };
    if rank >= m.min(n) {
        return (0..m * n).map(|_| next()).collect();
    }
    let left: Vec<T> = (0..m * rank).map(|_| next()).collect();
    let right: Vec<T> = (0..rank * n).map(|_| next()).collect();
    product(MatRef::new(&left, m, rank), MatRef::new(&right, rank, n))
}

fn product<T: Real>(a: MatRef<T>, b: MatRef<T>) -> Vec<T> {
    let mut c = vec![T::ZERO; a.rows() * b.cols()];
    let view = MatMut::new(&mut c, a.rows(), b.cols());
    reference::gemm(T::ONE, a, b, T::ZERO, view, Epilogue::default());
    c
}

fn largest<T: Real>(x: &[T]) -> f64 {
    x.iter().fold(0.0, |most: f64, x| most.max(x.to_f64().abs()))
}

/// |x - y| <= tolerance (1 + |y|), element by element.
fn near<T: Real>(x: &[T], y: &[T], tolerance: f64) -> bool {
    let bound = tolerance * (1.0 + largest(y));
    x.len() == y.len() && x.iter().zip(y).all(|(x, y)| (x.to_f64() - y.to_f64()).abs() <= bound)
}

/// Q^T Q = I
fn orthonormal<T: Real>(q: MatRef<T>, tolerance: f64) -> bool {
    let gram = product(q.t(), q);
    let n = q.cols();
    let identity: Vec<T> = (0..n * n).map(|e| T::from_f64(f64::from(u8::from(e / n == e % n)))).collect();
    near(&gram, &identity, tolerance)
}

fn decompositions_hold<T: Real>(
    m: usize,
    n: usize,
    rank: usize,
    seed: u64,
    tolerance: f64,
) -> Result<(), TestCaseError> {
    let elements = matrix::<T>(m, n, rank, seed);
    let a = MatRef::new(&elements, m, n);
    let r = m.min(n);
    let size = (m.max(n) + 1) as f64 * tolerance;

    let svd = T::svd(a).expect("finite");
    let (u, vt) = (MatRef::new(&svd.u, m, r), MatRef::new(&svd.vt, r, n));
    prop_assert!(orthonormal(u, size) && orthonormal(vt.t(), size));
    prop_assert!(svd.s.windows(2).all(|pair| pair[0] >= pair[1]));
    prop_assert!(svd.s.iter().all(|&s| s >= T::ZERO));
    let scaled: Vec<T> = (0..m * r).map(|e| svd.u[e] * svd.s[e % r]).collect();
    prop_assert!(near(&product(MatRef::new(&scaled, m, r), vt), &elements, size), "U diag(s) V'");

    let qr = T::qr(a).expect("finite");
    let q = MatRef::new(&qr.q, m, r);
    prop_assert!(orthonormal(q, size), "Q'Q");
    prop_assert!((0..r).all(|i| (0..i.min(n)).all(|j| qr.r[i * n + j] == T::ZERO)));
    prop_assert!(near(&product(q, MatRef::new(&qr.r, r, n)), &elements, size), "Q R");

    let mut symmetric = product(a.t(), a);
    let eigen = T::symmetric_eigen(MatRef::new(&symmetric, n, n)).expect("finite");
    let vectors = MatRef::new(&eigen.vectors, n, n);
    prop_assert!(orthonormal(vectors, size));
    prop_assert!(eigen.values.windows(2).all(|pair| pair[0] <= pair[1]));
    let scaled: Vec<T> = (0..n * n).map(|e| eigen.vectors[e] * eigen.values[e % n]).collect();
    prop_assert!(near(&product(MatRef::new(&scaled, n, n), vectors.t()), &symmetric, size));

    // A^T A + I is positive definite; its Cholesky factor gives it back and solves with it.
    for i in 0..n {
        symmetric[i * n + i] += T::ONE;
    }
    let l = T::cholesky(MatRef::new(&symmetric, n, n)).expect("positive definite");
    let lower = MatRef::new(&l, n, n);
    prop_assert!((0..n).all(|i| (i + 1..n).all(|j| l[i * n + j] == T::ZERO)));
    prop_assert!(near(&product(lower, lower.t()), &symmetric, size));
    let b = matrix::<T>(n, 3, 3, seed ^ 1);
    let mut x = b.clone();
    T::solve_triangular(lower, Triangle::Lower, MatMut::new(&mut x, n, 3)).expect("regular");
    T::solve_triangular(lower.t(), Triangle::Upper, MatMut::new(&mut x, n, 3)).expect("regular");
    prop_assert!(near(
        &product(MatRef::new(&symmetric, n, n), MatRef::new(&x, n, 3)),
        &b,
        size * size.max(20.0)
    ));
    Ok(())
}

/// The least-squares solution leaves a residual orthogonal to A's columns, and lies in A's row space.
fn least_squares_is_least<T: Real>(
    m: usize,
    n: usize,
    rank: usize,
    seed: u64,
    tolerance: f64,
) -> Result<(), TestCaseError> {
    let (elements, b) = (matrix::<T>(m, n, rank, seed), matrix::<T>(m, 2, 2, seed ^ 1));
    let a = MatRef::new(&elements, m, n);
    let x = T::least_squares(a, MatRef::new(&b, m, 2)).expect("finite");
    let mut residual = product(a, MatRef::new(&x, n, 2));
    for (r, b) in residual.iter_mut().zip(&b) {
        *r -= *b;
    }
    let bound = tolerance * (m.max(n) + 1) as f64 * (1.0 + largest(&x)) * 10.0;
    prop_assert!(largest(&product(a.t(), MatRef::new(&residual, m, 2))) <= bound);
    // Of all solutions the shortest one has no part that A does not see: x = A^+ (A x).
    let seen = product(a, MatRef::new(&x, n, 2));
    let again = T::least_squares(a, MatRef::new(&seen, m, 2)).expect("finite");
    let smallest = T::svd(a).expect("finite").s.iter().take(rank).fold(1.0_f64, |s, x| s.min(x.to_f64()));
    prop_assert!(near(&again, &x, bound / smallest.max(1e-3)));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn factors_give_the_matrix_back(m in 0_usize..24, n in 0_usize..24, rank in 1_usize..24, seed in any::<u64>()) {
        decompositions_hold::<f32>(m, n, rank, seed, DECOMP_F32)?;
        decompositions_hold::<f64>(m, n, rank, seed, DECOMP_F64)?;
    }

    #[test]
    fn least_squares_solves(m in 1_usize..20, n in 1_usize..20, rank in 1_usize..20, seed in any::<u64>()) {
        least_squares_is_least::<f64>(m, n, rank, seed, DECOMP_F64)?;
    }
}

/// Large enough for faer's blocked and recursive paths.
#[test]
fn threads_do_not_change_the_bits() {
    let (m, n) = (300, 140);
    let elements = matrix::<f64>(m, n, n, 5);
    let a = MatRef::new(&elements, m, n);
    let gram = product(a.t(), a);
    let all = |n_threads| {
        with_threads(n_threads, || {
            let gram = MatRef::new(&gram, n, n);
            let svd = f64::svd(a).expect("finite");
            let eigen = f64::symmetric_eigen(gram).expect("finite");
            (svd, eigen, f64::qr(a).expect("finite"), f64::cholesky(gram).expect("positive definite"))
        })
    };
    let one = all(1);
    assert!(one == all(2) && one == all(3), "the number of threads changed a decomposition");
    // Eigenvalues of the Gram matrix are squared singular values, in the other order.
    for (s, value) in one.0.s.iter().zip(one.1.values.iter().rev()) {
        assert!((s * s - value).abs() <= DECOMP_F64 * one.0.s[0] * one.0.s[0] * n as f64);
    }
}

#[test]
fn what_is_not_finite_is_refused() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let elements = [1.0, 2.0, bad, 4.0];
        let a = MatRef::new(&elements, 2, 2);
        assert_eq!(f64::svd(a), Err(Failure::NotFinite));
        assert_eq!(f64::symmetric_eigen(a), Err(Failure::NotFinite));
        assert_eq!(f64::qr(a), Err(Failure::NotFinite));
        assert_eq!(f64::cholesky(a), Err(Failure::NotFinite));
        assert_eq!(f64::least_squares(a, MatRef::new(&[1.0, 1.0], 2, 1)), Err(Failure::NotFinite));
        let mut b = [1.0, 1.0];
        let failure = f64::solve_triangular(a, Triangle::Lower, MatMut::new(&mut b, 2, 1));
        assert_eq!((failure, b), (Err(Failure::NotFinite), [1.0, 1.0]));
        // The other triangle is not read.
        assert_eq!(f64::solve_triangular(a, Triangle::Upper, MatMut::new(&mut b, 2, 1)), Ok(()));
        assert_eq!(b, [0.5, 0.25]);
    }
}

#[test]
fn singular_systems_are_refused() {
    let indefinite = [1.0, 2.0, 2.0, 1.0];
    let failure = f64::cholesky(MatRef::new(&indefinite, 2, 2));
    assert_eq!(failure, Err(Failure::NotPositiveDefinite { pivot: 1 }));
    let singular = [1.0, 2.0, 0.0, 0.0];
    let mut b = [1.0, 1.0];
    let failure =
        f64::solve_triangular(MatRef::new(&singular, 2, 2), Triangle::Upper, MatMut::new(&mut b, 2, 1));
    assert_eq!((failure, b), (Err(Failure::Singular { pivot: 1 }), [1.0, 1.0]));
}
