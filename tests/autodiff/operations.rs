//! Every operation: its gradient by the tape against central differences, in f64.

use super::Domain::{Any, Positive, Smooth};
use super::worst;
use crate::tolerance::GRADIENT;
use diabolo::autodiff::op::{CountLinks, CountOutputs, Degrees};
use diabolo::autodiff::{Graph, Id};
use diabolo_kernels::conv::Window;
use diabolo_kernels::flow::{Direction, ScaleLink, Spline};
use diabolo_kernels::gemm::Activation;
use diabolo_kernels::loss::DispersionLink;
use proptest::prelude::*;

/// A test of an operation: its operands' shapes and domains in sizes (m, n, k), and how it is recorded.
macro_rules! gradients {
    ($($name:ident: [$(($rows:expr, $cols:expr, $domain:expr)),*], |$m:ident, $n:ident, $k:ident| $build:expr;)*) => {
        $(
            proptest! {
                #![proptest_config(ProptestConfig::with_cases(256))]
                #[test]
                #[allow(unused_variables)]
                fn $name($m in 1_usize..6, $n in 1_usize..6, $k in 1_usize..6, seed in any::<u64>()) {
                    let build: fn(&mut Graph<f64>, &[Id], [usize; 3]) -> Id = $build;
                    let operands = [$(([$rows, $cols], $domain)),*];
                    let worst = worst(&operands, seed, |graph, ids| build(graph, ids, [$m, $n, $k]));
                    prop_assert!(worst.error <= GRADIENT, "{worst:?}");
                }
            }
        )*
    };
}

gradients! {
    matmul: [(m, k, Any), (k, n, Any)], |m, n, k| |g, x, _| g.matmul(x[0], x[1]);
    matmul_tn: [(k, m, Any), (k, n, Any)], |m, n, k| |g, x, _| g.matmul_tn(x[0], x[1]);
    matmul_nt: [(m, k, Any), (n, k, Any)], |m, n, k| |g, x, _| g.matmul_nt(x[0], x[1]);
    a_matrix_times_its_own_transpose: [(m, k, Any)], |m, n, k| |g, x, _| g.matmul_nt(x[0], x[0]);
    linear: [(m, k, Any), (k, n, Any), (1, n, Any)], |m, n, k| |g, x, _| {
        g.linear(x[0], x[1], Some(x[2]), Activation::Identity)
    };
    linear_without_bias_and_tanh: [(m, k, Any), (k, n, Any)], |m, n, k| |g, x, _| {
        g.linear(x[0], x[1], None, Activation::Tanh)
    };
    linear_and_sigmoid: [(m, k, Any), (k, n, Any), (1, n, Any)], |m, n, k| |g, x, _| {
        g.linear(x[0], x[1], Some(x[2]), Activation::Sigmoid)
    };
    linear_and_softplus: [(m, k, Any), (k, n, Any), (1, n, Any)], |m, n, k| |g, x, _| {
        g.linear(x[0], x[1], Some(x[2]), Activation::Softplus)
    };
    add: [(m, n, Any), (m, n, Any)], |m, n, k| |g, x, _| g.add(x[0], x[1]);
    sub: [(m, n, Any), (m, n, Any)], |m, n, k| |g, x, _| g.sub(x[0], x[1]);
    mul: [(m, n, Any), (m, n, Any)], |m, n, k| |g, x, _| g.mul(x[0], x[1]);
    mul_by_itself: [(m, n, Any)], |m, n, k| |g, x, _| g.mul(x[0], x[0]);
    div: [(m, n, Any), (m, n, Positive)], |m, n, k| |g, x, _| g.div(x[0], x[1]);
    add_a_row: [(m, n, Any), (1, n, Any)], |m, n, k| |g, x, _| g.add(x[0], x[1]);
    sub_a_column: [(m, n, Any), (m, 1, Any)], |m, n, k| |g, x, _| g.sub(x[0], x[1]);
    mul_by_a_row: [(m, n, Any), (1, n, Any)], |m, n, k| |g, x, _| g.mul(x[0], x[1]);
    mul_by_a_number: [(m, n, Any), (1, 1, Any)], |m, n, k| |g, x, _| g.mul(x[0], x[1]);
    div_by_a_column: [(m, n, Any), (m, 1, Positive)], |m, n, k| |g, x, _| g.div(x[0], x[1]);
    dirichlet_kl: [(m, n, Positive), (m, n, Positive)], |m, n, k| |g, x, _| g.dirichlet_kl(x[0], x[1]);
    affine: [(m, n, Any)], |m, n, k| |g, x, _| g.affine(x[0], -1.5, 0.25);
    exp: [(m, n, Any)], |m, n, k| |g, x, _| g.exp(x[0]);
    ln: [(m, n, Positive)], |m, n, k| |g, x, _| g.ln(x[0]);
    log1p: [(m, n, Positive)], |m, n, k| |g, x, _| g.log1p(x[0]);
    expm1: [(m, n, Any)], |m, n, k| |g, x, _| g.expm1(x[0]);
    square: [(m, n, Any)], |m, n, k| |g, x, _| g.square(x[0]);
    sqrt: [(m, n, Positive)], |m, n, k| |g, x, _| g.sqrt(x[0]);
    reciprocal: [(m, n, Positive)], |m, n, k| |g, x, _| g.reciprocal(x[0]);
    abs: [(m, n, Smooth)], |m, n, k| |g, x, _| g.abs(x[0]);
    erf: [(m, n, Any)], |m, n, k| |g, x, _| g.erf(x[0]);
    lgamma: [(m, n, Positive)], |m, n, k| |g, x, _| g.lgamma(x[0]);
    clip: [(m, n, Smooth)], |m, n, k| |g, x, _| g.clip(x[0], -1.0, 1.0);
    relu: [(m, n, Smooth)], |m, n, k| |g, x, _| g.relu(x[0]);
    leaky_relu: [(m, n, Smooth)], |m, n, k| |g, x, _| g.leaky_relu(x[0], 0.2);
    elu: [(m, n, Smooth)], |m, n, k| |g, x, _| g.elu(x[0]);
    sigmoid: [(m, n, Any)], |m, n, k| |g, x, _| g.sigmoid(x[0]);
    tanh: [(m, n, Any)], |m, n, k| |g, x, _| g.tanh(x[0]);
    softplus: [(m, n, Any)], |m, n, k| |g, x, _| g.softplus(x[0]);
    sum: [(m, n, Any)], |m, n, k| |g, x, _| g.sum(x[0]);
    mean: [(m, n, Any)], |m, n, k| |g, x, _| g.mean(x[0]);
    row_sums: [(m, n, Any)], |m, n, k| |g, x, _| g.row_sums(x[0]);
    col_sums: [(m, n, Any)], |m, n, k| |g, x, _| g.col_sums(x[0]);
    softmax: [(m, n, Any)], |m, n, k| |g, x, _| g.softmax(x[0]);
    log_softmax: [(m, n, Any)], |m, n, k| |g, x, _| g.log_softmax(x[0]);
    logsumexp: [(m, n, Any)], |m, n, k| |g, x, _| g.logsumexp(x[0]);
    columns: [(m, n + k, Any)], |m, n, k| |g, x, [_, n, k]| g.columns(x[0], k..n + k);
    overlapping_columns: [(m, n + 1, Any)], |m, n, k| |g, x, [_, n, _]| {
        let (left, right) = (g.columns(x[0], 0..n), g.columns(x[0], 1..n + 1));
        g.mul(left, right)
    };
    repeat: [(1, n, Any)], |m, n, k| |g, x, [m, _, _]| g.repeat(x[0], m);
    rows: [(m + k, n, Any)], |m, n, k| |g, x, [m, _, k]| g.rows(x[0], k..m + k);
    beside: [(m, n, Any), (m, k, Any)], |m, n, k| |g, x, _| g.beside(&[x[0], x[1], x[0]]);
    stack: [(m, n, Any), (k, n, Any)], |m, n, k| |g, x, _| g.stack(&[x[0], x[1], x[0]]);
    normal: [(m, n, Any), (m, n, Any), (m, n, Any)], |m, n, k| |g, x, _| g.normal(x[0], x[1], x[2]);
    normal_kl: [(m, n, Any), (m, n, Any)], |m, n, k| |g, x, _| g.normal_kl(x[0], x[1]);
    layer_norm: [(m, n + 1, Any), (1, n + 1, Any), (1, n + 1, Any)], |m, n, k| |g, x, _| {
        g.layer_norm(x[0], x[1], x[2], 0.1)
    };
    flow_state: [(m, n, Any)], |m, n, k| |g, x, _| g.flow_state(x[0]);
    reshape: [(m, n, Any)], |m, n, k| |g, x, [m, n, _]| g.reshape(x[0], m * n);
    permute: [(m, n + 1, Any)], |m, n, k| |g, x, [_, n, _]| g.permute(x[0], (0..=n).rev().collect());
    affine_coupling: [(m, n + k + 1, Any), (m, 2 * n, Any)], |m, n, k| |g, x, [_, n, k]| {
        g.affine_coupling(x[0], x[1], k..n + k, ScaleLink::Bounded(2.0), Direction::Forward)
    };
    affine_coupling_inverse: [(m, n + k + 1, Any), (m, 2 * n, Any)], |m, n, k| |g, x, [_, n, k]| {
        g.affine_coupling(x[0], x[1], k..n + k, ScaleLink::Bounded(2.0), Direction::Inverse)
    };
    affine_coupling_by_sigmoids: [(m, n + k + 1, Any), (m, 2 * n, Any)], |m, n, k| |g, x, [_, n, _]| {
        g.affine_coupling(x[0], x[1], 0..n, ScaleLink::Sigmoid, Direction::Forward)
    };
    affine_coupling_that_shifts: [(m, n + k + 1, Any), (m, n, Any)], |m, n, k| |g, x, [_, n, _]| {
        g.affine_coupling(x[0], x[1], 0..n, ScaleLink::Unit, Direction::Inverse)
    };
    spline_coupling: [(m, n + k + 1, Any), (m, 14 * n, Any)], |m, n, k| |g, x, [_, n, k]| {
        // Pieces of splines with farther parameters bend within the steps that differences are taken over.
        let near = g.tanh(x[1]);
        g.spline_coupling(x[0], near, k..n + k, SPLINE)
    };
    mask: [(m, n, Any)], |m, n, k| |g, x, [m, n, _]| {
        let degrees = |n: usize| (0..n as u32).map(|i| i % 3).collect();
        g.mask(x[0], Degrees { of_inputs: degrees(m), of_outputs: degrees(n), strict: n % 2 == 0 })
    };
    unit_lower: [(m, m, Any)], |m, n, k| |g, x, _| g.unit_lower(x[0]);
    upper: [(m, m, Any), (1, m, Any)], |m, n, k| |g, x, _| g.upper(x[0], x[1]);
    state_linear: [(m, n + 1, Any), (n, n, Any), (1, n, Any)], |m, n, k| |g, x, _| {
        g.state_linear(x[0], x[1], x[2], -1.0)
    };
    stretch: [(m, n + 1, Any), (1, n, Any), (1, n, Any)], |m, n, k| |g, x, _| {
        g.stretch(x[0], x[1], x[2], Direction::Forward)
    };
    stretch_inverse: [(m, n + 1, Any), (1, n, Any), (1, n, Any)], |m, n, k| |g, x, _| {
        g.stretch(x[0], x[1], x[2], Direction::Inverse)
    };
    patches: [(2 * m * n, k, Any)], |m, n, k| |g, x, [m, n, _]| g.patches(x[0], [m, n]);
    fold_patches: [(2 * m * n, 9 * k, Any)], |m, n, k| |g, x, [m, n, _]| g.fold_patches(x[0], [m, n]);
    conv: [(m * n, k, Any), (9 * k, n, Any), (1, n, Any)], |m, n, k| |g, x, [m, n, _]| {
        g.conv(&[x[0]], [m, n], x[1], Some(x[2]), Window::same([3, 3]), Activation::Tanh)
    };
    conv_with_stride: [(2 * m * n, k, Any), (16 * k, m, Any), (1, m, Any)], |m, n, k| |g, x, [m, n, _]| {
        g.conv(&[x[0]], [m, n], x[1], Some(x[2]), Window::plain([4, 4], 2, 2), Activation::Sigmoid)
    };
    conv_of_parts: [(m * n, k, Any), (m * n, n, Any), (4 * (k + n + k), m, Any)], |m, n, k| |g, x, [m, n, _]| {
        let window = Window::same([2, 2]);
        let first = g.conv(&[x[0], x[1], x[0]], [m, n], x[2], None, window, Activation::Identity);
        let narrow = g.tanh(x[1]);
        let second = g.conv(&[x[0], narrow, x[0]], [m, n], x[2], None, window, Activation::Identity);
        g.mul(first, second)
    };
    upsampled_conv: [(m * n, k, Any), (9 * k, n, Any)], |m, n, k| |g, x, [m, n, _]| {
        g.conv(&[x[0]], [m, n], x[1], None, Window::same([3, 3]).upsampled(), Activation::Identity)
    };
    transposed_conv: [(m * n, k, Any), (16 * k, n, Any), (1, n, Any)], |m, n, k| |g, x, [m, n, _]| {
        g.conv(&[x[0]], [m, n], x[1], Some(x[2]), Window::transposed([4, 4], 2, 1), Activation::Identity)
    };
    mean_pool: [(2 * (m + 1) * (n + 1), k, Any)], |m, n, k| |g, x, [m, n, _]| g.mean_pool(x[0], [m + 1, n + 1]);
    max_pool: [(2 * (m + 1) * (n + 1), k, Any)], |m, n, k| |g, x, [m, n, _]| g.max_pool(x[0], [m + 1, n + 1]);
    dropout: [(m, n, Any), (m, n, Positive)], |m, n, k| |g, x, _| g.dropout(x[0], x[1]);
    a_value_that_is_read_three_times: [(m, n, Any)], |m, n, k| |g, x, _| {
        let (e, t) = (g.exp(x[0]), g.tanh(x[0]));
        let product = g.mul(e, t);
        g.add(product, x[0])
    };
}

/// Losses are numbers: their own weight is what differs.
macro_rules! losses {
    ($($name:ident: ($domain:expr), |$m:ident, $n:ident, $rng:ident| $targets:expr, $build:expr;)*) => {
        $(
            proptest! {
                #![proptest_config(ProptestConfig::with_cases(256))]
                #[test]
                #[allow(unused_variables)]
                fn $name($m in 1_usize..6, $n in 1_usize..6, seed in any::<u64>(), shared in any::<bool>()) {
                    use diabolo::autodiff::{Store, check};
                    let mut $rng = diabolo::random::Rng::seeded(seed);
                    let _ = &mut $rng;
                    let mut store = Store::default();
                    let x = super::parameter(&mut store, "x", [$m, $n], $domain, seed);
                    let mut graph = Graph::default();
                    let x = graph.read(&store, x);
                    // Through a result, whose gradient a loss may write ahead, unless it has other readers.
                    let x = graph.affine(x, 1.25, 0.0);
                    let (rows, cols, targets): (usize, usize, Vec<f64>) = $targets;
                    let input = graph.input(rows, cols);
                    let build: fn(&mut Graph<f64>, Id, Id, f64) -> Id = $build;
                    let loss = build(&mut graph, x, input, 0.4);
                    let squares = if shared { graph.square(x) } else { graph.square(loss) };
                    let further = graph.sum(squares);
                    let weighed = graph.affine(loss, 3.0, 0.0);
                    let total = graph.total(&[weighed, further, loss]);
                    let worst = check::worst(graph, total, &mut store, |program| {
                        program.input_mut(input).copy_from_slice(&targets);
                    }, 6e-6);
                    prop_assert!(worst.error <= GRADIENT, "{worst:?}");
                }
            }
        )*
    };
}

losses! {
    bce_logits: (Any), |m, n, rng| (m, n, (0..m * n).map(|_| rng.uniform()).collect()), |g, x, t, s| g.bce_logits(x, t, s);
    bce_logits_constant: (Any), |m, n, rng| (1, 1, vec![0.0]), |g, x, _, s| g.bce_logits_constant(x, 0.9, s);
    cross_entropy: (Any), |m, n, rng| (m, 1, (0..m).map(|_| rng.below(n) as f64).collect()), |g, x, t, s| {
        g.cross_entropy(x, t, s)
    };
    squared_error: (Any), |m, n, rng| (m, n, (0..m * n).map(|_| rng.normal()).collect()), |g, x, t, s| {
        g.squared_error(x, t, s)
    };
    count_nll: (Any), |m, n, rng| (m, n, (0..m * n).map(|_| rng.poisson(1.5) as f64).collect()), |g, x, t, s| {
        let (b, p) = (g.affine(x, 0.7, 0.3), g.affine(x, -0.4, 0.2));
        g.count_nll(t, outputs(x, Some(b), Some(p)), LINKS, s)
    };
    count_nll_of_a_dispersion_a_column: (Any), |m, n, rng| (m, n, (0..m * n).map(|_| rng.poisson(1.5) as f64).collect()),
        |g, x, t, s| {
            let sums = g.col_sums(x);
            let b = g.affine(sums, 0.3, 0.2);
            g.count_nll(t, outputs(x, Some(b), None), LINKS, s)
        };
    multinomial_nll: (Any), |m, n, rng| (m, n, (0..m * n).map(|_| rng.poisson(1.5) as f64).collect()), |g, x, t, s| {
        g.multinomial_nll(x, t, s)
    };
    multinomial_nll_of_what_others_read: (Any), |m, n, rng| (m, n, (0..m * n).map(|_| rng.uniform()).collect()),
        |g, x, t, s| {
            let (nll, squares) = (g.multinomial_nll(x, t, s), g.square(x));
            let sum = g.sum(squares);
            g.total(&[nll, sum])
        };
    count_nll_poisson: (Any), |m, n, rng| (m, n, (0..m * n).map(|_| rng.poisson(1.5) as f64).collect()), |g, x, t, s| {
        g.count_nll(t, outputs(x, None, None), LINKS, s)
    };
}

/// Five bins, and a box that some numbers lie outside of.
const SPLINE: Spline = Spline { n_bins: 5, bound: 1.5, min_size: 1e-2, min_slope: 1e-2 };

/// Bounds that nothing comes near.
const LINKS: CountLinks = CountLinks {
    mean_range: [1e-20, 1e20],
    dispersion: DispersionLink::Softplus,
    dispersion_range: [1e-20, 1e20],
};

fn outputs(mean: Id, dispersion: Option<Id>, logit: Option<Id>) -> CountOutputs {
    CountOutputs { mean, dispersion, logit, size_factors: None }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn gather(m in 1_usize..6, n in 1_usize..6, k in 1_usize..6, seed in any::<u64>()) {
        use diabolo::autodiff::{Store, check};
        let mut store = Store::default();
        let table = super::parameter(&mut store, "table", [k, n], Any, seed);
        let mut graph = Graph::default();
        let table = graph.read(&store, table);
        let index = graph.input(m, 1);
        let y = graph.gather(table, index);
        let (loss, input, weights) = check::weighed_sum(&mut graph, y, seed);
        let mut rng = diabolo::random::Rng::seeded(seed);
        let rows: Vec<f64> = (0..m).map(|_| rng.below(k) as f64).collect();
        let worst = check::worst(graph, loss, &mut store, |program| {
            program.input_mut(index).copy_from_slice(&rows);
            program.input_mut(input).copy_from_slice(&weights);
        }, 6e-6);
        prop_assert!(worst.error <= GRADIENT, "{worst:?}");
    }

    #[test]
    fn batch_norm(m in 2_usize..7, n in 1_usize..20, with_scale in any::<bool>(), with_bias in any::<bool>(),
        train in any::<bool>(), seed in any::<u64>()) {
        use diabolo::autodiff::{Store, check, op::BatchNorm};
        let mut store = Store::default();
        let x = super::parameter(&mut store, "x", [m, n], Any, seed);
        let scale = super::parameter(&mut store, "scale", [1, n], Any, seed);
        let bias = super::parameter(&mut store, "bias", [1, n], Any, seed);
        let mean = store.running("mean", vec![0.3; n]);
        let variance = store.running("variance", vec![0.7; n]);
        let mut graph = Graph::default();
        let norm = BatchNorm {
            scale: with_scale.then(|| graph.read(&store, scale)),
            bias: with_bias.then(|| graph.read(&store, bias)),
            mean: graph.read_running(&store, mean),
            variance: graph.read_running(&store, variance),
            eps: 0.1,
            momentum: 0.1,
        };
        let x = graph.read(&store, x);
        let y = graph.batch_norm(x, norm, train);
        let (loss, input, weights) = check::weighed_sum(&mut graph, y, seed);
        let worst = check::worst(graph, loss, &mut store, |program| program.input_mut(input).copy_from_slice(&weights), 6e-6);
        prop_assert!(worst.error <= GRADIENT, "{worst:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Poisson, negative binomial and zero-inflated counts, dispersions by entry and by column, size factors.
    #[test]
    fn counts_by_entry_and_by_column(m in 1_usize..5, n in 1_usize..6, seed in any::<u64>(), kind in 0_usize..3, by_column in any::<bool>(),
        shared in any::<bool>(), sparse in any::<bool>()) {
        use diabolo::autodiff::op::{CountLinks, CountOutputs};
        use diabolo::autodiff::{Store, check};
        use diabolo_kernels::loss::DispersionLink;
        let mut rng = diabolo::random::Rng::seeded(seed);
        let mut store = Store::default();
        let [a, b, p] = ["a", "b", "p"].map(|name| {
            let rows = if name == "b" && by_column { 1 } else { m };
            super::parameter(&mut store, name, [rows, n], Any, seed)
        });
        let mut graph = Graph::default();
        let [a, b, p] = [a, b, p].map(|param| {
            let read = graph.read(&store, param);
            graph.affine(read, 0.8, 0.1)
        });
        let counts = if sparse { graph.sparse_input(m, n) } else { graph.input(m, n) };
        let sizes = graph.input(m, 1);
        let outputs = CountOutputs {
            mean: a,
            dispersion: (kind > 0).then_some(b),
            logit: (kind > 1).then_some(p),
            size_factors: Some(sizes),
        };
        let links = CountLinks { mean_range: [1e-5, 1e6], dispersion: DispersionLink::Softplus, dispersion_range: [1e-4, 1e4] };
        let loss = graph.count_nll(counts, outputs, links, 0.5);
        let total = if shared {
            let squares = graph.square(a);
            let sum = graph.sum(squares);
            graph.total(&[loss, sum])
        } else {
            graph.affine(loss, 2.0, 0.0)
        };
        let x: Vec<f64> = (0..m * n).map(|_| (rng.below(3) * rng.below(6)) as f64).collect();
        let factors: Vec<f64> = (0..m).map(|_| 0.5 + rng.uniform()).collect();
        let rows: Vec<(Vec<u32>, Vec<f64>)> = x
            .chunks_exact(n)
            .map(|row| {
                let seen = |j: &usize| row[*j] > 0.0;
                ((0..n).filter(seen).map(|j| j as u32).collect(), (0..n).filter(seen).map(|j| row[j]).collect())
            })
            .collect();
        let worst = check::worst(graph, total, &mut store, |program| {
            if sparse {
                program.sparse_mut(counts).fill(rows.iter().map(|(columns, values)| (&columns[..], &values[..])));
            } else {
                program.input_mut(counts).copy_from_slice(&x);
            }
            program.input_mut(sizes).copy_from_slice(&factors);
        }, 6e-6);
        prop_assert!(worst.error <= GRADIENT, "{worst:?}");
    }
}
