//! Simulators: the planted structure is truly there, and the same name gives the same bits.

use crate::tolerance::{EXACT_SUM, SIGMAS};
use diabolo::Error;
use diabolo::data::{
    Bars, Blobs, Blocks, Interactions, LowRank, Ratings, SETS, Shapes, Simulated, Simulator, Sprites, Topics,
    Zinb, by_name, simulated_by_name,
};
use diabolo::linalg::{Features, Matrix};
use diabolo::monitor::Budget;
use diabolo_kernels::parallel::with_threads;

fn simulate(simulator: &impl Simulator) -> Simulated {
    simulator.simulate(&Budget::unlimited()).expect("sensible parameters")
}

fn truth<'a>(simulated: &'a Simulated, name: &str) -> &'a Matrix<f64> {
    let found = simulated.truth.iter().find(|(known, _)| *known == name);
    &found.expect("a planted table").1
}

fn refusal(name: &str) -> String {
    let error = by_name(name, &Budget::unlimited()).expect("a known name").expect_err("a refusal");
    assert!(matches!(error, Error::Parameter { .. }), "{error:?}");
    error.to_string()
}

/// Mean and standard deviation.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, (values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt())
}

/// That the mean of independent `values` is `expected`, within what chance allows.
fn assert_mean(values: &[f64], expected: f64, what: &str) {
    let (mean, deviation) = moments(values);
    let allowed = SIGMAS * deviation / (values.len() as f64).sqrt();
    assert!((mean - expected).abs() <= allowed, "{what}: {mean}, expected {expected} +- {allowed}");
}

/// That the mean square of independent `values` is `expected`.
fn assert_mean_square(values: &[f64], expected: f64, what: &str) {
    let squares: Vec<f64> = values.iter().map(|x| x * x).collect();
    assert_mean(&squares, expected, what);
}

/// The number of pivots of Gaussian elimination with full pivoting that are above rounding.
fn rank(x: &Matrix<f64>) -> usize {
    let mut rows: Vec<Vec<f64>> = x.rows().map(<[f64]>::to_vec).collect();
    let mut scale = 0.0;
    for step in 0..rows.len().min(x.n_cols()) {
        let places = (step..rows.len()).flat_map(|i| (0..x.n_cols()).map(move |j| (i, j)));
        let (i, j) =
            places.max_by(|&(i, j), &(k, l)| rows[i][j].abs().total_cmp(&rows[k][l].abs())).expect("a row");
        scale = if step == 0 { rows[i][j].abs() } else { scale };
        if rows[i][j].abs() <= 1e-10 * scale {
            return step;
        }
        rows.swap(step, i);
        let pivot = rows[step].clone();
        for row in &mut rows[step + 1..] {
            let ratio = row[j] / pivot[j];
            row.iter_mut().zip(&pivot).for_each(|(x, p)| *x -= ratio * p);
            row[j] = 0.0;
        }
    }
    rows.len().min(x.n_cols())
}

#[test]
fn every_name_gives_finite_data_and_the_same_bits_for_any_number_of_threads() {
    for set in SETS {
        let make =
            || simulated_by_name(set.name, &Budget::unlimited()).expect("known").expect("defaults are sound");
        let once = with_threads(1, make);
        assert_eq!(once, with_threads(3, make), "{}", set.name);
        assert_eq!(once.dataset.features.first_not_finite(), None, "{}", set.name);
        assert!(once.dataset.features.n_samples() > 1 && once.dataset.features.n_features() > 1);
        let (n, names) = (once.dataset.features.n_samples(), &once.dataset.names);
        assert!(names.samples.as_ref().is_none_or(|names| names.len() == n));
        assert!(
            names.features.as_ref().is_none_or(|names| names.len() == once.dataset.features.n_features())
        );
        let labels = once.dataset.labels.as_ref();
        assert!(labels.is_none_or(|l| l.class.len() == n && l.class.iter().all(|&c| (c as usize) < l.classes.len())));
        let defaults = set.defaults().to_string();
        if !defaults.is_empty() {
            let spelt_out = simulated_by_name(&format!("{}:{defaults}", set.name), &Budget::unlimited());
            assert_eq!(spelt_out.expect("known").expect("its own defaults"), once, "{}", set.name);
            let other = by_name(&format!("{}:seed=2", set.name), &Budget::unlimited());
            assert_ne!(
                other.expect("known").expect("another seed").features,
                once.dataset.features,
                "{}",
                set.name
            );
        }
    }
}

#[test]
fn bad_parameters_are_named() {
    let unknown = refusal("blobs:n=10,colour=3");
    assert!(unknown.contains("colour") && unknown.contains("n_clusters=3"), "{unknown}");
    assert!(refusal("blobs:n=ten").contains("ten"));
    assert!(refusal("blobs:n=-3").contains("-3"));
    assert!(refusal("blobs:n=0").contains("n_samples"));
    assert!(refusal("blobs:n=3,n=4").contains("twice"));
    assert!(refusal("ratings:density=1.5").contains("0 to 1"));
    assert!(refusal("low_rank:noise=nan").contains("nan"));
    assert!(refusal("low_rank:noise=1e999").contains("noise"));
    assert!(refusal("topics:alpha=0").contains("alpha"));
    assert!(refusal("blocks:n=3,k=4").contains("fewer blocks"));
    assert!(refusal("shapes:radius=8").contains("radius"));
    assert!(refusal("sprites:size=0.6").contains("size"));
    assert!(refusal("sprites:side=4").contains("radius"));
}

#[test]
fn memory_is_charged_before_it_is_taken() {
    for set in SETS.iter().filter(|set| !set.defaults().to_string().is_empty()) {
        let size = match set.name {
            "ratings" | "interactions" => "n_users=4000000000",
            "blocks" => "n_nodes=4000000000",
            "topics" | "bars" => "n_docs=4000000000",
            "shapes" => "n_frames=4000000000",
            _ => "n_samples=4000000000",
        };
        let refused =
            by_name(&format!("{}:{size}", set.name), &Budget::limited(1 << 24)).expect("a known name");
        assert!(matches!(refused, Err(Error::Limit { .. })), "{}: {refused:?}", set.name);
    }
}

#[test]
fn more_samples_leave_the_first_ones_as_they_were() {
    for simulator in ["low_rank", "blobs"] {
        let load = |n: usize| {
            let name = format!("{simulator}:n_samples={n}");
            by_name(&name, &Budget::unlimited()).expect("known").expect("sound").features
        };
        assert_eq!(load(80).select_rows(&[0, 7, 49]), load(50).select_rows(&[0, 7, 49]), "{simulator}");
    }
}

#[test]
fn low_rank_is_the_product_plus_noise() {
    let exact = simulate(&LowRank { noise: 0.0, n_samples: 40, n_features: 30, ..LowRank::default() });
    let x = exact.dataset.features.to_dense();
    let product = truth(&exact, "u").matmul(truth(&exact, "v"));
    assert!(x.values().iter().zip(product.values()).all(|(x, p)| (x - p).abs() < EXACT_SUM));
    assert_eq!(rank(&x), 5);

    let noisy = simulate(&LowRank { noise: 0.3, ..LowRank::default() });
    let product = truth(&noisy, "u").matmul(truth(&noisy, "v"));
    let x = noisy.dataset.features.to_dense();
    let rest: Vec<f64> = x.values().iter().zip(product.values()).map(|(x, p)| x - p).collect();
    assert_mean(&rest, 0.0, "noise");
    assert_mean_square(&rest, 0.09, "variance of the noise");

    let counts = simulate(&LowRank { non_negative: true, ..LowRank::default() });
    assert!(counts.dataset.features.first_negative().is_none());
    let u = truth(&counts, "u").values();
    let zeros: Vec<f64> = u.iter().map(|&x| f64::from(u8::from(x == 0.0))).collect();
    assert_mean(&zeros, 0.5, "zeros of a non-negative factor");
}

#[test]
fn ratings_have_their_noise_floor() {
    let simulator = Ratings { noise: 0.4, density: 0.2, ..Ratings::default() };
    let ratings = simulate(&simulator);
    let Features::Sparse(observed) = &ratings.dataset.features else { panic!("observed ratings are sparse") };
    let all = (simulator.n_users * simulator.n_items) as f64;
    let spread = (0.2 * 0.8 / all).sqrt();
    assert!((observed.nnz() as f64 / all - 0.2).abs() < SIGMAS * spread, "{} observed", observed.nnz());
    let (p, q) = (truth(&ratings, "p"), truth(&ratings, "q"));
    let (user_bias, item_bias) = (truth(&ratings, "user_bias"), truth(&ratings, "item_bias"));
    let taste = |u: usize, i: usize| p.row(u).iter().zip(q.row(i)).map(|(p, q)| p * q).sum::<f64>();
    let rest: Vec<f64> = observed
        .entries()
        .map(|(u, i, r)| r - simulator.mean - user_bias[(u, 0)] - item_bias[(i, 0)] - taste(u, i))
        .collect();
    assert_mean(&rest, 0.0, "what cannot be predicted");
    assert_mean_square(&rest, 0.16, "the noise floor, squared");
    // One draw of the factors: their own signal varies, by about a tenth at this size.
    let tastes: Vec<f64> =
        (0..simulator.n_users).flat_map(|u| (0..simulator.n_items).map(move |i| taste(u, i))).collect();
    let signal = moments(&tastes).1;
    assert!((signal - simulator.signal).abs() < 0.2 * simulator.signal, "signal {signal}");
}

/// That the words of all documents come as often as theta and beta say.
fn assert_topics_are_mixed(simulated: &Simulated) {
    let Features::Sparse(counts) = &simulated.dataset.features else { panic!("counts are sparse") };
    let (theta, beta) = (truth(simulated, "theta"), truth(simulated, "beta"));
    for rows in [theta, beta] {
        assert!(rows.rows().all(|row| (row.iter().sum::<f64>() - 1.0).abs() < EXACT_SUM));
    }
    let mut expected = vec![0.0; counts.n_cols()];
    let mut observed = vec![0.0; counts.n_cols()];
    let rates = theta.matmul(beta);
    for d in 0..counts.n_rows() {
        let (words, n) = counts.row(d);
        let length: f64 = n.iter().sum();
        words.iter().zip(n).for_each(|(&v, n)| observed[v as usize] += n);
        expected.iter_mut().zip(rates.row(d)).for_each(|(sum, rate)| *sum += length * rate);
    }
    for (v, (observed, expected)) in observed.iter().zip(&expected).enumerate() {
        // A sum of binomial counts: its variance is at most its mean.
        let allowed = SIGMAS * expected.sqrt() + 1.0;
        assert!((observed - expected).abs() < allowed, "word {v}: {observed}, expected {expected}");
    }
}

#[test]
fn documents_mix_the_planted_topics() {
    let simulator = Topics { n_docs: 300, doc_length: 60.0, ..Topics::default() };
    let topics = simulate(&simulator);
    assert_topics_are_mixed(&topics);
    assert_mean(&topics.dataset.features.row_sums(), 60.0, "length of a document");
    // Var theta_k = (K - 1) / (K^2 (K alpha + 1)) for a symmetric Dirichlet.
    let theta = truth(&topics, "theta");
    let first: Vec<f64> = theta.col(0).iter().map(|share| share - 0.125).collect();
    assert_mean_square(&first, 7.0 / 64.0 / 1.8, "variance of a topic's share");
    let labels = topics.dataset.labels.as_ref().expect("labels");
    assert!(
        (0..300).all(|d| theta.row(d).iter().all(|&share| share <= theta[(d, labels.class[d] as usize)]))
    );
}

#[test]
fn bars_are_rows_and_columns() {
    let bars = simulate(&Bars::default());
    assert_topics_are_mixed(&bars);
    let beta = truth(&bars, "beta");
    assert_eq!(beta.shape(), [10, 25]);
    assert_eq!(beta.row(1)[5..10], [0.2; 5]);
    assert_eq!(beta.row(8).iter().enumerate().filter(|(_, b)| **b > 0.0).map(|(v, _)| v % 5).max(), Some(3));
    assert_eq!(bars.dataset.names.picture, Some((5, 5)));
}

#[test]
fn zinb_counts_have_their_mean_variance_and_zeros() {
    let simulator = Zinb { dropout: 0.3, dispersion: 1.5, n_samples: 600, ..Zinb::default() };
    let zinb = simulate(&simulator);
    let mu = truth(&zinb, "mu");
    let counts = zinb.dataset.features.to_dense();
    assert!(counts.values().iter().all(|x| *x >= 0.0 && x.fract() == 0.0));
    let pairs = || counts.values().iter().zip(mu.values());
    let relative: Vec<f64> = pairs().map(|(x, mu)| x / mu).collect();
    assert_mean(&relative, 0.7, "mean over mu");
    // E x^2 = (1 - dropout) (mu + mu^2 (1 + 1/dispersion))
    let squares: Vec<f64> = pairs().map(|(x, mu)| x * x / (mu + mu * mu * (1.0 + 1.0 / 1.5))).collect();
    assert_mean(&squares, 0.7, "second moment");
    // P(0) = dropout + (1 - dropout) (theta / (theta + mu))^theta
    let zeros: Vec<f64> = pairs()
        .map(|(x, mu)| f64::from(u8::from(*x == 0.0)) - 0.3 - 0.7 * (1.5 / (1.5 + mu)).powf(1.5))
        .collect();
    assert_mean(&zeros, 0.0, "zeros beyond their probability");
}

#[test]
fn blocks_have_their_densities() {
    let simulator = Blocks { n_nodes: 400, n_blocks: 4, p_within: 0.25, p_between: 0.01, seed: 5 };
    let (graph, block) = simulator.graph(&Budget::unlimited()).expect("sensible parameters");
    let mut edges = [0.0_f64, 0.0];
    let upper = graph.adjacency().entries().filter(|(i, j, _)| i < j);
    upper.for_each(|(i, j, weight)| {
        assert_eq!(weight, 1.0);
        edges[usize::from(block[i] != block[j])] += 1.0;
    });
    let pairs_within = 4.0 * 100.0 * 99.0 / 2.0;
    let pairs = [pairs_within, 400.0 * 399.0 / 2.0 - pairs_within];
    for (side, p) in [0.25_f64, 0.01].into_iter().enumerate() {
        let allowed = SIGMAS * (pairs[side] * p * (1.0 - p)).sqrt();
        assert!((edges[side] - pairs[side] * p).abs() < allowed, "{} edges of {}", edges[side], pairs[side]);
    }
    let full = Blocks { p_within: 1.0, p_between: 0.0, n_nodes: 9, n_blocks: 3, seed: 1 };
    assert_eq!(full.graph(&Budget::unlimited()).expect("sound").0.n_edges(), 9);
}

#[test]
fn blobs_lie_around_their_centres() {
    let blobs = simulate(&Blobs { n_samples: 900, n_features: 4, spread: 0.5, ..Blobs::default() });
    let (x, centres) = (blobs.dataset.features.to_dense(), truth(&blobs, "centres"));
    let class = &blobs.dataset.labels.as_ref().expect("labels").class;
    assert!(centres.values().iter().all(|c| c.abs() <= 10.0));
    let rest: Vec<f64> = (0..900)
        .flat_map(|i| {
            x.row(i).iter().zip(centres.row(class[i] as usize)).map(|(x, c)| x - c).collect::<Vec<_>>()
        })
        .collect();
    assert_mean(&rest, 0.0, "distance from the centre");
    assert_mean_square(&rest, 0.25, "spread, squared");
}

#[test]
fn shapes_move_evenly_and_stay_inside() {
    let simulator = Shapes { n_shapes: 1, n_frames: 100, ..Shapes::default() };
    let shapes = simulate(&simulator);
    let positions = truth(&shapes, "positions");
    let frames = shapes.dataset.features.to_dense();
    let bodies = simulator.bodies();
    for t in 0..100 {
        let (row, col) = (positions[(t, 0)], positions[(t, 1)]);
        assert!([row, col].iter().all(|at| (2.5..=13.5).contains(at)), "{row} {col}");
        // A disc with smooth edges: its centre of mass is its position, up to the grid.
        let mass: f64 = frames.row(t).iter().sum();
        let centre = |of: fn(usize) -> usize| {
            frames.row(t).iter().enumerate().map(|(at, x)| x * (of(at) as f64 + 0.5)).sum::<f64>() / mass
        };
        assert!((centre(|at| at / 16) - row).abs() < 0.1 && (centre(|at| at % 16) - col).abs() < 0.1);
    }
    let steps = (1..100).map(|t| {
        (positions[(t, 0)] - positions[(t - 1, 0)]).hypot(positions[(t, 1)] - positions[(t - 1, 1)])
    });
    let full_steps = steps.filter(|step| (step - 0.7).abs() < 1e-9).count();
    assert!(full_steps > 60, "{full_steps} steps of 99 without a reflection");
    // Between two frames without a reflection a body is half way.
    let t = (0..99).find(|&t| {
        ((positions[(t + 1, 0)] - positions[(t, 0)]) - (positions[(1, 0)] - positions[(0, 0)])).abs() < 1e-9
    });
    let t = t.expect("a frame without reflection");
    let half = simulator.position(&bodies[0], t as f64 + 0.5);
    assert!((half[0] - (positions[(t, 0)] + positions[(t + 1, 0)]) / 2.0).abs() < 1e-9);
    let mut picture = vec![0.0_f32; 256];
    simulator.frame(&bodies, 7.0, &mut picture);
    assert!(picture.iter().zip(frames.row(7)).all(|(a, b)| f64::from(*a) == *b));
}

#[test]
fn interactions_are_poisson_counts_of_the_planted_rates() {
    let simulator = Interactions { n_users: 200, n_items: 100, per_user: 60.0, ..Interactions::default() };
    let simulated = simulate(&simulator);
    let Features::Sparse(counts) = &simulated.dataset.features else { panic!("counts are sparse") };
    assert!(counts.values().iter().all(|count| *count >= 1.0 && count.fract() == 0.0));
    let [activity, popularity, p, q] =
        ["activity", "popularity", "p", "q"].map(|name| truth(&simulated, name));
    let tastes = p.matmul_nt(q);
    let dense = counts.to_dense();
    let (mut expected, mut deviations) = (0.0, Vec::new());
    for u in 0..200 {
        let weights: Vec<f64> = (0..100).map(|i| (popularity[(i, 0)] + tastes[(u, i)]).exp()).collect();
        let sum: f64 = weights.iter().sum();
        for (i, weight) in weights.iter().enumerate() {
            let rate = 60.0 * activity[(u, 0)] * weight / sum;
            expected += rate;
            if rate > 0.5 {
                deviations.push((dense[(u, i)] - rate) / rate.sqrt());
            }
        }
    }
    let total: f64 = counts.values().iter().sum();
    assert!((total - expected).abs() <= SIGMAS * expected.sqrt(), "{total} events, expected {expected}");
    assert!(deviations.len() > 1000);
    assert_mean(&deviations, 0.0, "standardised counts");
    assert_mean_square(&deviations, 1.0, "standardised counts");
}

#[test]
fn sprites_are_where_and_how_large_their_factors_say() {
    let simulator = Sprites { n_samples: 600, ..Sprites::default() };
    let sprites = simulate(&simulator);
    let (levels, values) = (truth(&sprites, "levels"), truth(&sprites, "values"));
    let pictures = sprites.dataset.features.to_dense();
    let n_levels = simulator.n_levels();
    // Areas in units of the squared radius: of the ellipse pi/2, of the square 1.4^2.
    let areas = [1.96, std::f64::consts::FRAC_PI_2];
    for i in 0..600 {
        let &[shape, scale, angle, row, column] = values.row(i) else { panic!("five factors") };
        assert!((0..5).all(|k| levels[(i, k)] < n_levels[k] as f64));
        let mass: f64 = pictures.row(i).iter().sum();
        let radius = scale * simulator.size * 32.0;
        if let Some(area) = areas.get(shape as usize) {
            assert!((mass / (area * radius * radius) - 1.0).abs() < 0.05, "area of sample {i}");
        }
        let centre = |of: fn(usize) -> usize| {
            pictures.row(i).iter().enumerate().map(|(at, x)| x * (of(at) as f64 + 0.5)).sum::<f64>() / mass
        };
        // A heart's centre of mass is a little off its middle, on its axis.
        let off = (row - centre(|at| at / 32), centre(|at| at % 32) - column);
        if shape < 2.0 {
            assert!(off.0.abs().max(off.1.abs()) < 0.12, "place of sample {i}: {off:?}");
        } else {
            let (sin, cos) = angle.sin_cos();
            assert!((cos * off.1 + sin * off.0).abs() < 0.12 && off.0.hypot(off.1) < 0.3 * radius);
        }
    }
    assert_eq!(Sprites::factors(levels)[0], sprites.dataset.labels.as_ref().expect("labels").class);
    // Every level of every factor is drawn, and as often as the others.
    for (k, factor) in Sprites::factors(levels).iter().enumerate() {
        let mean = (n_levels[k] - 1) as f64 / 2.0;
        let drawn: Vec<f64> = factor.iter().map(|&level| f64::from(level)).collect();
        assert_mean(&drawn, mean, Sprites::NAME);
    }
}
