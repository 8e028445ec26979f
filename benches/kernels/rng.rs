//! Random numbers against rand_xoshiro's scalar generator and rand_distr's distributions, one thread.
//!
//! `cargo bench --bench kernels -- rng` runs them under criterion. `cargo bench --bench kernels -- table
//! rng` prints nanoseconds a draw as the median of ten interleaved rounds; words after `rng` keep the lines
//! whose name has one of them.

use crate::rounds::median_seconds;
use criterion::{Criterion, Throughput};
use diabolo::random::{self, Alias, Fenwick, NegativeBinomial, Rng};
use diabolo_kernels::rng::{Lanes, Stream};
use rand_distr::weighted::{WeightedAliasIndex, WeightedIndex, WeightedTreeIndex};
use rand_distr::{Beta, Binomial, Distribution, Exp1, Gamma, Poisson, StandardNormal, StandardUniform};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng};
use std::hint::black_box;

/// Draws a call: 64 or 32 kB of f64 or f32, within the second-level cache.
const N: usize = 8192;

/// One draw, ours and the peer's; each call makes `N` of them.
struct Case {
    name: String,
    ours: Box<dyn FnMut()>,
    peer: Box<dyn FnMut()>,
}

impl Case {
    fn new(name: impl Into<String>, ours: impl FnMut() + 'static, peer: impl FnMut() + 'static) -> Self {
        Self { name: name.into(), ours: Box::new(ours), peer: Box::new(peer) }
    }

    /// `N` numbers into a buffer, from our stream and from the peer's.
    fn draws<T: Copy + Default + 'static, U: Copy + Default + 'static>(
        name: impl Into<String>,
        mut ours: impl FnMut(&mut Rng) -> T + 'static,
        mut peer: impl FnMut(&mut Xoshiro256PlusPlus) -> U + 'static,
    ) -> Self {
        let (mut rng, mut x) = (Rng::seeded(1), vec![T::default(); N]);
        let (mut peer_rng, mut y) = (Xoshiro256PlusPlus::seed_from_u64(1), vec![U::default(); N]);
        Self::new(
            name,
            move || black_box(&mut x).iter_mut().for_each(|x| *x = ours(&mut rng)),
            move || black_box(&mut y).iter_mut().for_each(|y| *y = peer(&mut peer_rng)),
        )
    }

    /// A vector fill against a scalar loop.
    fn fill<T: Copy + Default + 'static>(
        name: &str,
        ours: fn(&mut Lanes, &mut [T]),
        mut peer: impl FnMut(&mut Xoshiro256PlusPlus) -> T + 'static,
    ) -> Self {
        let (mut lanes, mut x) = (Lanes::new(&Stream::seeded(1)), vec![T::default(); N]);
        let (mut peer_rng, mut y) = (Xoshiro256PlusPlus::seed_from_u64(1), vec![T::default(); N]);
        Self::new(
            name,
            move || ours(&mut lanes, black_box(&mut x)),
            move || black_box(&mut y).iter_mut().for_each(|y| *y = peer(&mut peer_rng)),
        )
    }
}

fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::fill("fill u64", Lanes::fill_u64, |rng| rng.next_u64()),
        Case::fill("fill uniform f32", Lanes::fill_uniform, |rng| -> f32 { StandardUniform.sample(rng) }),
        Case::fill("fill uniform f64", Lanes::fill_uniform, |rng| -> f64 { StandardUniform.sample(rng) }),
        Case::fill("fill normal f32", Lanes::fill_normal, |rng| -> f32 { StandardNormal.sample(rng) }),
        Case::fill("fill normal f64", Lanes::fill_normal, |rng| -> f64 { StandardNormal.sample(rng) }),
        Case::fill("fill exponential f32", Lanes::fill_exponential, |rng| -> f32 { Exp1.sample(rng) }),
        Case::fill("fill exponential f64", Lanes::fill_exponential, |rng| -> f64 { Exp1.sample(rng) }),
        Case::draws("u64", Rng::next_u64, |rng| rng.next_u64()),
        Case::draws("uniform", Rng::uniform, |rng| -> f64 { StandardUniform.sample(rng) }),
        Case::draws("normal", Rng::normal, |rng| -> f64 { StandardNormal.sample(rng) }),
        Case::draws("exponential", Rng::exponential, |rng| -> f64 { Exp1.sample(rng) }),
    ];
    for shape in [0.1, 0.5, 1.0, 5.0] {
        let (ours, peer) = (random::Gamma::new(shape), Gamma::new(shape, 1.0).expect("a valid shape"));
        cases.push(Case::draws(
            format!("gamma({shape})"),
            move |rng| ours.sample(rng),
            move |rng| peer.sample(rng),
        ));
    }
    for (a, b) in [(2.0, 3.0), (0.5, 0.5)] {
        let (ours, peer) = (random::Beta::new(a, b), Beta::new(a, b).expect("valid parameters"));
        cases.push(Case::draws(
            format!("beta({a}, {b})"),
            move |rng| ours.sample(rng),
            move |rng| peer.sample(rng),
        ));
    }
    for lambda in [1.0, 8.0, 50.0, 1e6] {
        let (ours, peer) = (random::Poisson::new(lambda), Poisson::new(lambda).expect("a valid mean"));
        cases.push(Case::draws(
            format!("poisson({lambda})"),
            move |rng| ours.sample(rng),
            move |rng| peer.sample(rng),
        ));
        cases.push(Case::draws(
            format!("poisson({lambda}), set up anew"),
            move |rng| rng.poisson(black_box(lambda)),
            move |rng| Poisson::new(black_box(lambda)).expect("a valid mean").sample(rng),
        ));
    }
    for (n, p) in [(20, 0.2), (1000, 0.4)] {
        let (ours, peer) = (random::Binomial::new(n, p), Binomial::new(n, p).expect("valid parameters"));
        cases.push(Case::draws(
            format!("binomial({n}, {p})"),
            move |rng| ours.sample(rng),
            move |rng| peer.sample(rng),
        ));
        cases.push(Case::draws(
            format!("binomial({n}, {p}), set up anew"),
            move |rng| rng.binomial(black_box(n), p),
            move |rng| Binomial::new(black_box(n), p).expect("valid parameters").sample(rng),
        ));
    }
    for (mean, size) in [(3.0, 2.0), (40.0, 0.5)] {
        let ours = NegativeBinomial::new(mean, size);
        let peer = Gamma::new(size, mean / size).expect("a valid shape");
        cases.push(Case::draws(
            format!("negative binomial({mean}, {size})"),
            move |rng| ours.sample(rng),
            move |rng| Poisson::new(peer.sample(rng)).map_or(0.0, |poisson| poisson.sample(rng)),
        ));
    }
    for (n_components, alpha) in [(20, 0.1), (20, 1.0), (100, 0.1)] {
        cases.push(dirichlet(n_components, alpha));
    }
    for n in [20, 100, 1000] {
        let weights: Vec<f64> = (0..n).map(|i| 1.0 + (i * 7 % 13) as f64).collect();
        let (fresh, peer_fresh) = (weights.clone(), weights.clone());
        let (alias, fenwick) = (Alias::new(&weights), Fenwick::new(&weights));
        let peer_alias = WeightedAliasIndex::new(weights.clone()).expect("valid weights");
        let peer_tree = WeightedTreeIndex::new(weights).expect("valid weights");
        cases.push(Case::draws(
            format!("categorical of {n}, set up anew"),
            move |rng| rng.categorical(black_box(&fresh)),
            move |rng| WeightedIndex::new(black_box(&peer_fresh)).expect("valid weights").sample(rng),
        ));
        cases.push(Case::draws(
            format!("alias of {n}"),
            move |rng| alias.sample(rng),
            move |rng| peer_alias.sample(rng),
        ));
        cases.push(Case::draws(
            format!("fenwick of {n}"),
            move |rng| fenwick.sample(rng),
            move |rng| peer_tree.sample(rng),
        ));
    }
    cases
}

/// Shares, `N` of them a call in rows; the peer divides its gamma numbers by their sum.
fn dirichlet(n_components: usize, alpha: f64) -> Case {
    let ours = random::Dirichlet::new(&vec![alpha; n_components]);
    let (mut rng, mut x) = (Rng::seeded(1), vec![0.0; N / n_components * n_components]);
    let (mut peer_rng, mut y) = (Xoshiro256PlusPlus::seed_from_u64(1), x.clone());
    let gamma = Gamma::new(alpha, 1.0).expect("a valid shape");
    Case::new(
        format!("dirichlet({n_components} x {alpha})"),
        move || black_box(&mut x).chunks_exact_mut(n_components).for_each(|row| ours.sample(&mut rng, row)),
        move || {
            for row in black_box(&mut y).chunks_exact_mut(n_components) {
                row.iter_mut().for_each(|share| *share = gamma.sample(&mut peer_rng));
                let sum: f64 = row.iter().sum();
                row.iter_mut().for_each(|share| *share /= sum);
            }
        },
    )
}

/// What the first numbers of a key cost: seeding the eight lanes included.
fn keyed_fill() -> Case {
    let (mut x, mut y) = (vec![0.0_f32; N], vec![0.0_f32; N]);
    let (mut key, mut peer_key) = (0, 0);
    Case::new(
        "8 keyed fills of 1024 normal f32",
        move || {
            for row in black_box(&mut x).chunks_exact_mut(1024) {
                key += 1;
                diabolo::random::fill_normal(1, &[key], row);
            }
        },
        move || {
            for row in black_box(&mut y).chunks_exact_mut(1024) {
                peer_key += 1;
                let mut rng = Xoshiro256PlusPlus::seed_from_u64(peer_key);
                row.iter_mut().for_each(|y| *y = StandardNormal.sample(&mut rng));
            }
        },
    )
}

fn all_cases() -> Vec<Case> {
    let mut cases = cases();
    cases.push(keyed_fill());
    cases
}

/// The table; `filter` keeps the lines whose name has one of its words.
pub fn table(filter: &[String]) {
    const ROUNDS: usize = 10;
    println!("\nNanoseconds a draw, one thread, median of {ROUNDS} interleaved rounds");
    println!("|                             draw |     ours |     peer | ratio |");
    println!("|---|---|---|---|");
    for mut case in all_cases() {
        if filter.is_empty() || filter.iter().any(|word| case.name.contains(word.as_str())) {
            let seconds = median_seconds(&mut [&mut case.ours, &mut case.peer], ROUNDS);
            let [ours, peer] = [seconds[0], seconds[1]].map(|s| s / N as f64 * 1e9);
            println!("| {:>32} | {ours:>8.3} | {peer:>8.3} | {:>5.2} |", case.name, peer / ours);
        }
    }
}

/// The same draws under criterion.
pub fn bench(c: &mut Criterion) {
    for mut case in all_cases() {
        let mut group = c.benchmark_group(format!("rng/{}", case.name));
        group.throughput(Throughput::Elements(N as u64)).sample_size(20);
        group.bench_function("ours", |b| b.iter(&mut case.ours));
        group.bench_function("peer", |b| b.iter(&mut case.peer));
        group.finish();
    }
}
