//! Differences between topics: planted changes are found with their sign and size, their intervals hold them, noise is
//! shrunken away, threads change nothing.

use super::fasttopics::planted;
use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::models::Names;
use diabolo::models::topic::{Differences, Expression, Mixture};
use diabolo::monitor::Env;
use diabolo::random::Rng;
use diabolo::solve::adaptive_shrinkage::shrunken;
use diabolo_kernels::parallel::with_threads;

/// Two topics that differ in words 0 (8 times), 1 (4 times) and 2 (half), of 60.
fn two_topics(seed: u64) -> (Features, Matrix<f64>, Matrix<f64>, Vec<f64>) {
    let (n, m) = (300, 60);
    let mut beta = Matrix::from_fn(2, m, |k, w| match (k, w) {
        (0, 0) => 0.08,
        (1, 0) => 0.01,
        (0, 1) => 0.02,
        (1, 1) => 0.005,
        (0, 2) => 0.01,
        (1, 2) => 0.02,
        _ => 0.016,
    });
    // What is left over makes the sums equal to 1 in word 59.
    for k in 0..2 {
        let others: f64 = beta.row(k)[..m - 1].iter().sum();
        beta[(k, m - 1)] = 1.0 - others;
    }
    let mut rng = Rng::seeded(seed);
    let mut theta = Matrix::zeros(n, 2);
    (0..n).for_each(|d| rng.dirichlet(&[0.5, 0.5], theta.row_mut(d)));
    let sizes: Vec<f64> = (0..n).map(|d| 100.0 + (d % 7) as f64 * 30.0).collect();
    let mean = theta.matmul(&beta);
    let x = Matrix::from_fn(n, m, |d, w| rng.poisson(sizes[d] * mean[(d, w)]) as f64);
    (Features::from(Csr::from_dense(&x)), theta, beta, sizes)
}

fn found(seed: u64, settings: &Expression) -> (Differences, Matrix<f64>) {
    let (x, theta, beta, sizes) = two_topics(seed);
    let mixture = Mixture { theta: &theta, beta: &beta, sizes: &sizes };
    let found = mixture.differences(&x, settings, &Env::seeded(3)).unwrap();
    (found, beta)
}

#[test]
fn planted_differences_are_found() {
    let (d, beta) = found(1, &Expression::default());
    let truth = |w: usize| (beta[(0, w)] / beta[(1, w)]).log2();
    for w in 0..3 {
        for value in [d.lfc[(w, 0)], d.mean[(w, 0)], d.shrunken[(w, 0)]] {
            assert!((value - truth(w)).abs() < 0.35, "word {w}: {value}, planted {}", truth(w));
        }
        // Of two topics the one's change is the other's, turned round.
        assert!((d.lfc[(w, 0)] + d.lfc[(w, 1)]).abs() < 1e-12);
        assert!(d.z[(w, 0)].abs() > 4.0 && d.lfsr[(w, 0)] < 1e-3, "word {w}: z {}", d.z[(w, 0)]);
    }
    // The others do not differ: shrunken to next to nothing.
    let noise = |of: &Matrix<f64>| (3..59).map(|w| of[(w, 0)].abs()).sum::<f64>() / 56.0;
    assert!(noise(&d.shrunken) < 0.3 * noise(&d.lfc), "{} {}", noise(&d.shrunken), noise(&d.lfc));
    let wrong = (3..59).filter(|&w| d.lfsr[(w, 0)] < 0.05).count();
    assert!(wrong <= 1, "{wrong}");
    let figures = d.volcano(0, &Names::default());
    assert_eq!(figures.len(), 2);
}

#[test]
fn intervals_hold_what_they_say() {
    let (mut held, mut total) = (0, 0);
    for seed in 10..22 {
        let (d, beta) = found(seed, &Expression { pseudocount: 0.01, ..Expression::default() });
        for w in 0..59 {
            let truth = (beta[(0, w)] / beta[(1, w)]).log2();
            held += usize::from((d.lower[(w, 0)]..=d.upper[(w, 0)]).contains(&truth));
            total += 1;
        }
    }
    // 68 %, with a binomial standard error of 1.8 %.
    let share = held as f64 / total as f64;
    assert!((share - 0.68).abs() < 0.06, "{share}");
}

#[test]
fn threads_change_nothing_and_seeds_little() {
    let settings = Expression::default();
    let one = with_threads(1, || found(2, &settings).0);
    let three = with_threads(3, || found(2, &settings).0);
    assert_eq!(one, three);
    assert!(one.lfc.is_finite() && one.z.is_finite() && one.shrunken.is_finite());
}

#[test]
fn a_word_nobody_has_differs_nowhere() {
    let (x, theta, beta) = planted(50, 60.0, 1);
    let without = Matrix::from_fn(50, 40, |d, w| if w == 3 { 0.0 } else { x.to_dense()[(d, w)] });
    let sizes = Features::from(without.clone()).row_sums();
    let mixture = Mixture { theta: &theta, beta: &beta, sizes: &sizes };
    let d = mixture.differences(&Features::from(without), &Expression::default(), &Env::seeded(1)).unwrap();
    for k in 0..4 {
        assert_eq!((d.lfc[(3, k)], d.z[(3, k)], d.lfsr[(3, k)]), (0.0, 0.0, 1.0));
    }
    let other = Features::from(Matrix::filled(7, 40, 1.0));
    let refused = mixture.differences(&other, &Expression::default(), &Env::seeded(1)).err().unwrap();
    assert_eq!(refused.exit_code(), 65, "{refused}");
    let settings = Expression { n_samples: 1, ..Expression::default() };
    assert_eq!(mixture.differences(&other, &settings, &Env::seeded(1)).err().unwrap().exit_code(), 65);
}

#[test]
fn shrinkage_learns_how_many_effects_there_are() {
    let mut rng = Rng::seeded(5);
    // Of 2,000 effects a tenth is Normal(0, 3^2), the others nothing; standard errors from 0.5 to 1.5.
    let effects: Vec<f64> = (0..2000).map(|j| if j % 10 == 0 { 3.0 * rng.normal() } else { 0.0 }).collect();
    let errors: Vec<f64> = (0..2000).map(|_| 0.5 + rng.uniform()).collect();
    let estimates: Vec<f64> = effects.iter().zip(&errors).map(|(b, s)| b + s * rng.normal()).collect();
    let shrunken_to = shrunken(&estimates, &errors);
    let error = |found: &dyn Fn(usize) -> f64| {
        (0..2000).map(|j| (found(j) - effects[j]).powi(2)).sum::<f64>() / 2000.0
    };
    let (before, after) = (error(&|j| estimates[j]), error(&|j| shrunken_to[j].mean));
    // The mean of the right posterior, known here, cannot be beaten by more than chance.
    let oracle = error(&|j| {
        let (b, s) = (estimates[j], errors[j]);
        let density = |v: f64| (-0.5 * b * b / v).exp() / v.sqrt();
        let (some, none) = (0.1 * density(s * s + 9.0), 0.9 * density(s * s));
        some / (some + none) * b * 9.0 / (s * s + 9.0)
    });
    assert!(after < 0.35 * before && after < 1.1 * oracle, "{before} {after} {oracle}");
    // False signs among the confident ones are as rare as they say.
    let sure: Vec<usize> = (0..2000).filter(|&j| shrunken_to[j].lfsr < 0.05).collect();
    let wrong = sure.iter().filter(|&&j| effects[j] * shrunken_to[j].mean <= 0.0).count();
    assert!(sure.len() > 80 && (wrong as f64) < 0.06 * sure.len() as f64, "{wrong} of {}", sure.len());
    // What says nothing is nothing.
    let nothing = shrunken(&[1.0, f64::NAN, 2.0], &[0.0, 1.0, f64::INFINITY]);
    assert!(nothing.iter().all(|effect| effect.mean == 0.0 && effect.lfsr == 1.0));
    assert!(shrunken(&[], &[]).is_empty());
}
