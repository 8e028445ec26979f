//! The calls to faer: views copied in, results copied out, one thread, scratch from the heap.

use crate::decomp::{Eigen, Qr, Svd, Triangle};
use crate::{Failure, MatMut, MatRef};
use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor as llt;
use faer::linalg::evd::{self, ComputeEigenvectors};
use faer::linalg::qr::no_pivoting::factor as householder_qr;
use faer::linalg::svd::{self, ComputeSvdVectors};
use faer::linalg::{householder, triangular_solve};
use faer::traits::RealField;
use faer::{Conj, Mat, Par};
use std::ops::{Div, Mul};

/// What faer and the few lines around it need of a number.
pub(crate) trait Element: RealField + Copy + Div<Output = Self> + Mul<Output = Self> {
    const ZERO: Self;
    const ONE: Self;
    const EPSILON: Self;
    fn of(count: usize) -> Self;
    fn is_finite(self) -> bool;
}

macro_rules! element {
    ($t:ty) => {
        impl Element for $t {
            const ZERO: $t = 0.0;
            const ONE: $t = 1.0;
            const EPSILON: $t = <$t>::EPSILON;
            fn of(count: usize) -> $t {
                count as $t
            }
            fn is_finite(self) -> bool {
                <$t>::is_finite(self)
            }
        }
    };
}

element!(f32);
element!(f64);

/// faer's results change with the number of threads, so there is one.
const ONE_THREAD: Par = Par::Seq;

pub(crate) fn svd<T: Element>(a: MatRef<T>) -> Result<Svd<T>, Failure> {
    let a = from_view(a)?;
    let (m, n) = a.shape();
    let rank = m.min(n);
    let (mut u, mut v, mut s) = (Mat::zeros(m, rank), Mat::zeros(n, rank), Diag::zeros(rank));
    let thin = ComputeSvdVectors::Thin;
    let scratch = svd::svd_scratch::<T>(m, n, thin, thin, ONE_THREAD, Default::default());
    svd::svd(
        a.as_ref(),
        s.as_mut(),
        Some(u.as_mut()),
        Some(v.as_mut()),
        ONE_THREAD,
        MemStack::new(&mut MemBuffer::new(scratch)),
        Default::default(),
    )
    .map_err(|_| Failure::NoConvergence)?;
    let s = Vec::from_iter(s.column_vector().iter().copied());
    Ok(Svd { u: row_major(u.as_ref()), s, vt: row_major(v.transpose()) })
}

pub(crate) fn symmetric_eigen<T: Element>(a: MatRef<T>) -> Result<Eigen<T>, Failure> {
    assert_square(&a);
    let a = from_view(a)?;
    let n = a.nrows();
    if n == 0 {
        return Ok(Eigen { values: Vec::new(), vectors: Vec::new() });
    }
    let (mut vectors, mut values) = (Mat::zeros(n, n), Diag::zeros(n));
    let compute = ComputeEigenvectors::Yes;
    let scratch = evd::self_adjoint_evd_scratch::<T>(n, compute, ONE_THREAD, Default::default());
    evd::self_adjoint_evd(
        a.as_ref(),
        values.as_mut(),
        Some(vectors.as_mut()),
        ONE_THREAD,
        MemStack::new(&mut MemBuffer::new(scratch)),
        Default::default(),
    )
    .map_err(|_| Failure::NoConvergence)?;
    let values = Vec::from_iter(values.column_vector().iter().copied());
    Ok(Eigen { values, vectors: row_major(vectors.as_ref()) })
}

pub(crate) fn qr<T: Element>(a: MatRef<T>) -> Result<Qr<T>, Failure> {
    let mut factors = from_view(a)?;
    let (m, n) = factors.shape();
    let rank = m.min(n);
    if rank == 0 {
        return Ok(Qr { q: Vec::new(), r: Vec::new() });
    }
    let block = householder_qr::recommended_block_size::<T>(m, n);
    let mut coefficients = Mat::zeros(block, rank);
    let scratch = householder_qr::qr_in_place_scratch::<T>(m, n, block, ONE_THREAD, Default::default());
    householder_qr::qr_in_place(
        factors.as_mut(),
        coefficients.as_mut(),
        ONE_THREAD,
        MemStack::new(&mut MemBuffer::new(scratch)),
        Default::default(),
    );
    let r = Mat::from_fn(rank, n, |i, j| if i <= j { factors[(i, j)] } else { T::ZERO });
    // Q = H_1 H_2 ... H_r applied to the first r columns of the identity.
    let mut q = Mat::identity(m, rank);
    let scratch =
        householder::apply_block_householder_sequence_on_the_left_in_place_scratch::<T>(m, block, rank);
    householder::apply_block_householder_sequence_on_the_left_in_place_with_conj(
        factors.as_ref().get(.., ..rank),
        coefficients.as_ref(),
        Conj::No,
        q.as_mut(),
        ONE_THREAD,
        MemStack::new(&mut MemBuffer::new(scratch)),
    );
    Ok(Qr { q: row_major(q.as_ref()), r: row_major(r.as_ref()) })
}

pub(crate) fn cholesky<T: Element>(a: MatRef<T>) -> Result<Vec<T>, Failure> {
    assert_square(&a);
    let mut l = from_view(a)?;
    let n = l.nrows();
    let scratch = llt::cholesky_in_place_scratch::<T>(n, ONE_THREAD, Default::default());
    llt::cholesky_in_place(
        l.as_mut(),
        Default::default(),
        ONE_THREAD,
        MemStack::new(&mut MemBuffer::new(scratch)),
        Default::default(),
    )
    .map_err(|llt::LltError::NonPositivePivot { index }| Failure::NotPositiveDefinite { pivot: index })?;
    let lower = Mat::from_fn(n, n, |i, j| if i >= j { l[(i, j)] } else { T::ZERO });
    Ok(row_major(lower.as_ref()))
}

pub(crate) fn solve_triangular<T: Element>(
    t: MatRef<T>,
    triangle: Triangle,
    mut b: MatMut<T>,
) -> Result<(), Failure> {
    assert_square(&t);
    let n = t.rows();
    assert_eq!(b.rows(), n, "as many right-hand rows as the triangle has");
    if let Some(pivot) = (0..n).find(|&i| t.at(i, i) == T::ZERO) {
        return Err(Failure::Singular { pivot });
    }
    let keep = |i: usize, j: usize| match triangle {
        Triangle::Lower => i >= j,
        Triangle::Upper => i <= j,
    };
    let t = Mat::from_fn(n, n, |i, j| if keep(i, j) { t.at(i, j) } else { T::ZERO });
    check_finite(&t)?;
    let mut x = from_view(b.as_ref())?;
    match triangle {
        Triangle::Lower => {
            triangular_solve::solve_lower_triangular_in_place(t.as_ref(), x.as_mut(), ONE_THREAD);
        }
        Triangle::Upper => {
            triangular_solve::solve_upper_triangular_in_place(t.as_ref(), x.as_mut(), ONE_THREAD);
        }
    }
    // A pivot near zero can send a finite system to infinity.
    check_finite(&x)?;
    for i in 0..n {
        for j in 0..b.cols() {
            *b.at_mut(i, j) = x[(i, j)];
        }
    }
    Ok(())
}

pub(crate) fn least_squares<T: Element>(a: MatRef<T>, b: MatRef<T>) -> Result<Vec<T>, Failure> {
    let (m, n, k) = (a.rows(), a.cols(), b.cols());
    assert_eq!(b.rows(), m, "as many right-hand rows as the matrix has");
    let Svd { u, s, vt } = svd(a)?;
    let b = from_view(b)?;
    let rank = s.len();
    let u = faer::MatRef::from_row_major_slice(&u, m, rank);
    let vt = faer::MatRef::from_row_major_slice(&vt, rank, n);
    let largest = s.first().copied().unwrap_or(T::ZERO);
    let cut = T::of(m.max(n)) * T::EPSILON * largest;
    // X = V diag(1 / s) U^T B over the singular values above the cut.
    let mut projected = Mat::zeros(rank, k);
    product(projected.as_mut(), u.transpose(), b.as_ref());
    for i in 0..rank {
        let factor = if s[i] > cut { T::ONE / s[i] } else { T::ZERO };
        for j in 0..k {
            projected[(i, j)] *= factor;
        }
    }
    let mut x = Mat::zeros(n, k);
    product(x.as_mut(), vt.transpose(), projected.as_ref());
    Ok(row_major(x.as_ref()))
}

/// C = A B
fn product<T: Element>(c: faer::MatMut<T>, a: faer::MatRef<T>, b: faer::MatRef<T>) {
    faer::linalg::matmul::matmul(c, faer::Accum::Replace, a, b, T::ONE, ONE_THREAD);
}

/// A copy of a view for faer, which prefers columns together.
fn from_view<T: Element>(a: MatRef<T>) -> Result<Mat<T>, Failure> {
    let a = Mat::from_fn(a.rows(), a.cols(), |i, j| a.at(i, j));
    check_finite(&a)?;
    Ok(a)
}

fn check_finite<T: Element>(a: &Mat<T>) -> Result<(), Failure> {
    let finite = a.col_iter().all(|column| column.iter().all(|&x| Element::is_finite(x)));
    if finite { Ok(()) } else { Err(Failure::NotFinite) }
}

fn assert_square<T>(a: &MatRef<T>) {
    assert_eq!(a.rows(), a.cols(), "the matrix must be square");
}

fn row_major<T: Copy>(a: faer::MatRef<T>) -> Vec<T> {
    let mut elements = Vec::with_capacity(a.nrows() * a.ncols());
    for i in 0..a.nrows() {
        elements.extend((0..a.ncols()).map(|j| a[(i, j)]));
    }
    elements
}
