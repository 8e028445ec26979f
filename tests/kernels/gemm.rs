//! Dense products: every tier against the plain loops, and the same bits however they are cut.

use crate::tolerance::{SUM_F32, SUM_F64};
use diabolo_kernels::gemm::{Activation, Epilogue, Gemm, Packed, reference};
use diabolo_kernels::{MatMut, MatRef, Real, parallel};
use proptest::prelude::*;

/// How a matrix lies in its slice.
#[derive(Clone, Copy, Debug)]
enum Layout {
    Rows,
    Columns,
    /// Rows with a gap behind each.
    PaddedRows,
    /// Neither direction contiguous.
    Scattered,
}

impl Layout {
    fn strides(self, rows: usize, cols: usize) -> (usize, usize) {
        match self {
            Layout::Rows => (cols.max(1), 1),
            Layout::Columns => (1, rows.max(1)),
            Layout::PaddedRows => (cols + 5, 1),
            Layout::Scattered => (2 * cols + 3, 2),
        }
    }
}

fn layouts() -> impl Strategy<Value = Layout> {
    prop_oneof![Just(Layout::Rows), Just(Layout::Columns), Just(Layout::PaddedRows), Just(Layout::Scattered)]
}

/// A slice long enough for any layout of rows x cols, and its strides.
#[derive(Clone, Debug)]
struct Matrix<T> {
    data: Vec<T>,
    rows: usize,
    cols: usize,
    strides: (usize, usize),
}

impl<T: Real> Matrix<T> {
    /// Values in (-1, 1) that depend on `seed` and the place only.
    fn new(rows: usize, cols: usize, layout: Layout, seed: u64) -> Self {
        let value = |i: usize| {
            let hash =
                (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ seed.wrapping_mul(0xd1b5_4a32_d192_ed03);
            let hash = (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            T::from_f64((hash >> 40) as f64 / f64::from(1_u32 << 23) - 1.0)
        };
        let len = (rows + 1) * (2 * cols + 5) + rows;
        Self { data: (0..len).map(value).collect(), rows, cols, strides: layout.strides(rows, cols) }
    }
    fn view(&self) -> MatRef<'_, T> {
        MatRef::with_strides(&self.data, self.rows, self.cols, self.strides.0, self.strides.1)
    }
    fn view_mut(&mut self) -> MatMut<'_, T> {
        MatMut::with_strides(&mut self.data, self.rows, self.cols, self.strides.0, self.strides.1)
    }
}

/// A product to try: m, k, n; the layouts of A, B, C; alpha, beta; bias; activation.
#[derive(Clone, Debug)]
struct Case {
    size: [usize; 3],
    layouts: [Layout; 3],
    alpha: f64,
    beta: f64,
    bias: bool,
    activation: Activation,
}

fn activations() -> impl Strategy<Value = Activation> {
    use Activation::{Elu, Identity, LeakyRelu, Relu, Sigmoid, Softplus, Tanh};
    prop_oneof![
        Just(Identity),
        Just(Relu),
        Just(LeakyRelu(0.2)),
        Just(Elu),
        Just(Sigmoid),
        Just(Tanh),
        Just(Softplus)
    ]
}

fn cases(sizes: impl Strategy<Value = [usize; 3]>) -> impl Strategy<Value = Case> {
    let scales = (prop_oneof![Just(1.0), Just(-0.5)], prop_oneof![Just(0.0), Just(1.0), Just(0.25)]);
    (sizes, [layouts(), layouts(), layouts()], scales, any::<bool>(), activations()).prop_map(
        |(size, layouts, (alpha, beta), bias, activation)| Case {
            size,
            layouts,
            alpha,
            beta,
            bias,
            activation,
        },
    )
}

/// What the products of one case share.
struct Operands<T> {
    a: Matrix<T>,
    b: Matrix<T>,
    c: Matrix<T>,
    bias: Vec<T>,
}

impl<T: Real> Operands<T> {
    fn new(case: &Case) -> Self {
        let [m, k, n] = case.size;
        let mut c = Matrix::new(m, n, case.layouts[2], 3);
        if case.beta == 0.0 {
            c.data.fill(T::from_f64(f64::NAN)); // must not be read
        }
        Self {
            a: Matrix::new(m, k, case.layouts[0], 1),
            b: Matrix::new(k, n, case.layouts[1], 2),
            c,
            bias: Matrix::new(1, n, Layout::Rows, 4).data[..n].to_vec(),
        }
    }
    fn epilogue(&self, case: &Case) -> Epilogue<'_, T> {
        Epilogue { bias: case.bias.then_some(&self.bias[..]), activation: case.activation }
    }
    /// C's whole slice after the product.
    fn product(
        &self,
        case: &Case,
        product: impl FnOnce(T, MatRef<T>, MatRef<T>, T, MatMut<T>, Epilogue<T>),
    ) -> Vec<T> {
        let (alpha, beta) = (T::from_f64(case.alpha), T::from_f64(case.beta));
        let mut c = self.c.clone();
        product(alpha, self.a.view(), self.b.view(), beta, c.view_mut(), self.epilogue(case));
        c.data
    }
    fn fast(&self, case: &Case) -> Vec<T> {
        self.product(case, T::gemm)
    }
}

/// The bits, so that NaN equals NaN and 0 differs from -0.
fn bits<T: Real>(values: &[T]) -> Vec<u64> {
    values.iter().map(|x| x.to_f64().to_bits()).collect()
}

/// Elements of C differ from the reference by at most the rounding of their k + 3 operations on numbers
/// below 1, and what lies between the elements is untouched.
fn close<T: Real>(fast: &[T], plain: &[T], k: usize, unit: f64) -> Result<(), TestCaseError> {
    for (at, (x, y)) in fast.iter().zip(plain).enumerate() {
        let (x, y) = (x.to_f64(), y.to_f64());
        let both_nan = x.is_nan() && y.is_nan();
        let bound = unit * (k + 3) as f64 * (k + 3) as f64;
        prop_assert!(both_nan || (x - y).abs() <= bound, "place {}: {} against {}", at, x, y);
    }
    Ok(())
}

fn agrees<T: Real>(case: &Case, unit: f64) -> Result<(), TestCaseError> {
    let operands = Operands::<T>::new(case);
    let fast = operands.fast(case);
    let plain = operands.product(case, reference::gemm);
    close(&fast, &plain, case.size[1], unit)?;

    let packed = Packed::new(operands.b.view());
    let from_packed = operands
        .product(case, |alpha, a, _, beta, c, epilogue| T::gemm_packed(alpha, a, &packed, beta, c, epilogue));
    prop_assert_eq!(bits(&from_packed), bits(&fast), "packed");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// Sizes around the tiles: rows 4, 6, 12; columns 4, 8, 12, 16, 24; none at all.
    #[test]
    fn small_products_equal_the_reference(case in cases([0_usize..28, 0_usize..20, 0_usize..52])) {
        agrees::<f32>(&case, SUM_F32)?;
        agrees::<f64>(&case, SUM_F64)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Depths around the blocks of 512, rows beyond a block of A, columns beyond the panels.
    #[test]
    fn deep_products_equal_the_reference(case in cases([1_usize..40, 508_usize..518, 1_usize..70])) {
        agrees::<f32>(&case, SUM_F32)?;
        agrees::<f64>(&case, SUM_F64)?;
    }

    #[test]
    fn tall_products_equal_the_reference(case in cases([250_usize..330, 1020_usize..1030, 1_usize..30])) {
        agrees::<f32>(&case, SUM_F32)?;
        agrees::<f64>(&case, SUM_F64)?;
    }

    /// Large enough to be cut between threads.
    #[test]
    fn bits_do_not_depend_on_the_threads(case in cases([1_usize..300, 100_usize..500, 1_usize..300])) {
        let operands = Operands::<f32>::new(&case);
        let alone = parallel::with_threads(1, || operands.fast(&case));
        for n_threads in [2, 3, 5] {
            let together = parallel::with_threads(n_threads, || operands.fast(&case));
            prop_assert_eq!(bits(&together), bits(&alone), "{} threads", n_threads);
        }
    }
}

/// X'X against the general product: the same bits, and symmetric.
fn gram_agrees<T: Real>(rows: usize, n: usize, layouts: [Layout; 2], beta: f64) -> Result<(), TestCaseError> {
    let x = Matrix::<T>::new(rows, n, layouts[0], 1);
    let (alpha, beta) = (T::from_f64(0.5), T::from_f64(beta));
    let mut start = Matrix::<T>::new(n, n, layouts[1], 2);
    for i in 0..n {
        for j in 0..i {
            let above = *start.view_mut().at_mut(j, i);
            *start.view_mut().at_mut(i, j) = above;
        }
    }
    let (mut gram, mut product) = (start.clone(), start);
    T::gram(alpha, x.view(), beta, gram.view_mut());
    T::gemm(alpha, x.view().t(), x.view(), beta, product.view_mut(), Epilogue::default());
    prop_assert_eq!(bits(&gram.data), bits(&product.data));
    Ok(())
}

/// A x against the plain loops, and the same bits for any number of threads.
fn gemv_agrees<T: Real>(
    m: usize,
    k: usize,
    layout: Layout,
    beta: f64,
    unit: f64,
) -> Result<(), TestCaseError> {
    let (a, x) = (Matrix::<T>::new(m, k, layout, 1), Matrix::<T>::new(1, k, Layout::Rows, 2));
    let x = &x.data[..k];
    let mut start = Matrix::<T>::new(1, m, Layout::Rows, 3).data[..m].to_vec();
    if beta == 0.0 {
        start.fill(T::from_f64(f64::NAN));
    }
    let (alpha, beta) = (T::from_f64(-0.5), T::from_f64(beta));
    let fast = |n_threads: usize| {
        let mut y = start.clone();
        parallel::with_threads(n_threads, || T::gemv(alpha, a.view(), x, beta, &mut y));
        y
    };
    let mut plain = start.clone();
    let (column, y) = (MatRef::new(x, k, 1), MatMut::new(&mut plain, m, 1));
    reference::gemm(alpha, a.view(), column, beta, y, Epilogue::default());
    let alone = fast(1);
    close(&alone, &plain, k, unit)?;
    prop_assert_eq!(bits(&fast(3)), bits(&alone));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Columns around the rectangles of 96 rows and the odd last panel.
    #[test]
    fn gram_equals_the_general_product(rows in 0_usize..40, n in prop_oneof![0_usize..30, 90_usize..120, 185_usize..220],
                                       layouts in [layouts(), layouts()], beta in prop_oneof![Just(0.0), Just(0.5)]) {
        gram_agrees::<f32>(rows, n, layouts, beta)?;
        gram_agrees::<f64>(rows, n, layouts, beta)?;
    }

    #[test]
    fn matrix_times_vector_equals_the_reference(m in prop_oneof![0_usize..12, 1020_usize..1030], k in 0_usize..70,
                                                layout in layouts(), beta in prop_oneof![Just(0.0), Just(0.5)]) {
        gemv_agrees::<f32>(m, k, layout, beta, SUM_F32)?;
        gemv_agrees::<f64>(m, k, layout, beta, SUM_F64)?;
    }
}

/// Large enough for the threads.
#[test]
fn a_parallel_gram_equals_the_general_product() {
    parallel::with_threads(3, || gram_agrees::<f32>(200, 250, [Layout::Rows; 2], 0.0))
        .expect("the bits agree");
}

/// More columns than a block of B, more rows than a block of A, and one element beyond each.
#[test]
fn products_beyond_every_block_equal_the_reference() {
    for size in [[1030, 130, 41], [23, 70, 2070], [700, 400, 33]] {
        let layouts = [Layout::Rows, Layout::Rows, Layout::Rows];
        let case =
            Case { size, layouts, alpha: 1.0, beta: 0.0, bias: true, activation: Activation::Identity };
        agrees::<f32>(&case, SUM_F32).expect("f32 agrees");
        agrees::<f64>(&case, SUM_F64).expect("f64 agrees");
    }
}

/// What stands beside C.
const BESIDE: f64 = 7.0;

/// Few rows of A: panels of B are read where they lie, but for the last one, which whole vectors would leave,
/// and B ends with its last element. The columns of a wider matrix beside B are not numbers: a lane of them
/// that reached C would show.
fn last_panels_agree<T: Real>(m: usize, k: usize, n: usize, unit: f64) {
    let (a, tight) = (Matrix::<T>::new(m, k, Layout::Rows, 1), Matrix::<T>::new(k, n, Layout::Rows, 2));
    let tight: Box<[T]> = tight.data[..k * n].into();
    let tight = MatRef::new(&tight, k, n);
    let stride = n + 9;
    let mut wide = vec![T::from_f64(f64::NAN); (k * stride).saturating_sub(9)];
    for (to, from) in wide.chunks_mut(stride).zip((0..k).map(|p| tight.row(p))) {
        to[..n].copy_from_slice(from);
    }
    let wide = MatRef::with_strides(&wide, k, n, stride, 1);
    let product = |b: MatRef<T>, reference: bool| {
        // One more column, which no product may touch.
        let mut c = vec![T::from_f64(BESIDE); m * (n + 1)];
        let product = if reference { reference::gemm } else { T::gemm };
        product(
            T::ONE,
            a.view(),
            b,
            T::ZERO,
            MatMut::with_strides(&mut c, m, n, n + 1, 1),
            Epilogue::default(),
        );
        c
    };
    let plain = product(tight, true);
    for b in [tight, wide] {
        let fast = product(b, false);
        close(&fast, &plain, k, unit).unwrap_or_else(|why| panic!("{m} x {k} x {n}: {why}"));
        let untouched = fast.iter().skip(n).step_by(n + 1);
        assert!(untouched.into_iter().all(|x| x.to_f64() == BESIDE), "{m} x {k} x {n}: beside C");
    }
}

#[test]
fn panels_read_in_place_end_with_b() {
    for m in 1..14 {
        for n in 1..36 {
            // Depths below, at and above a block.
            for k in [1, 7, 384, 385] {
                last_panels_agree::<f32>(m, k, n, SUM_F32);
                last_panels_agree::<f64>(m, k, n, SUM_F64);
            }
        }
    }
}

#[test]
#[should_panic(expected = "A is 2 x 3, B 4 x 2")]
fn sizes_that_disagree_are_refused() {
    let data = [0.0_f32; 8];
    let mut c = [0.0_f32; 4];
    let (a, b) = (MatRef::new(&data, 2, 3), MatRef::new(&data, 4, 2));
    f32::gemm(1.0, a, b, 0.0, MatMut::new(&mut c, 2, 2), Epilogue::default());
}
