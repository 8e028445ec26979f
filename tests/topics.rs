//! What judges topics: gensim's values, counts by hand, extremes, and the assignment against all permutations.

use crate::tolerance::{EXACT_SUM, GOLDEN_METRIC};
use diabolo::figure::Plot;
use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::metrics::topics::{
    Coherence, Occurrences, coherence, diversity, jensen_shannon, match_topics, mean_coherence, relevance,
    stability, top_words, top_words_by_relevance,
};
use diabolo::models::topic::{Mixture, SHOWN_TOPICS, structure};
use diabolo::models::{Labels, Names};
use diabolo::random::Rng;
use diabolo::solve::assignment::least_cost;
use diabolo::solve::coordinates::principal_coordinates;
use proptest::prelude::*;

/// The corpus of tests/golden/topics.py.
fn corpus() -> Matrix<f64> {
    Matrix::from_fn(60, 12, |i, j| match (i * i + 3 * i * j + 7 * j) % 11 < 4 + j % 3 {
        true => (1 + (i + j) % 3) as f64,
        false => 0.0,
    })
}

#[test]
fn coherence_is_gensims() {
    let topics = [vec![0, 3, 5, 7, 11], vec![1, 2, 4, 6], vec![10, 9, 8, 0, 2, 4]];
    let sparse = Features::from(Csr::from_dense(&corpus()));
    for x in [Features::from(corpus()), sparse] {
        let occurrences = Occurrences::of(&x, &topics);
        for measure in [Coherence::CUci, Coherence::CNpmi, Coherence::CV] {
            let line =
                include_str!("golden/topics.tsv").lines().find(|line| line.starts_with(measure.name()));
            let golden: Vec<f64> =
                line.unwrap().split('\t').skip(1).map(|word| word.parse().unwrap()).collect();
            for (ours, gensims) in coherence(measure, &topics, &occurrences).iter().zip(&golden) {
                // gensim adds 1e-12 to the probabilities of c_npmi.
                assert!(
                    (ours - gensims).abs() <= 50.0 * GOLDEN_METRIC,
                    "{measure:?}: {ours} is not {gensims}"
                );
            }
        }
    }
}

#[test]
fn coherence_by_hand() {
    // Words 0 and 1 always together, 2 never with them, 3 everywhere, 4 nowhere.
    let x = Matrix::from_fn(8, 5, |d, v| match v {
        0 | 1 => f64::from(d < 3),
        2 => f64::from(d >= 3),
        3 => 2.0,
        _ => 0.0,
    });
    let topics = [vec![0, 1], vec![0, 2], vec![3, 3], vec![0, 4], vec![2], vec![]];
    let occurrences = Occurrences::of(&Features::from(x), &topics);
    let of = |measure| coherence(measure, &topics, &occurrences);
    assert_eq!(of(Coherence::CNpmi), [1.0, -1.0, 1.0, -1.0, 0.0, 0.0]);
    let expected =
        [(4.0_f64 / 3.0).ln(), (1.0_f64 / 3.0).ln(), (9.0_f64 / 8.0).ln(), -(8.0_f64.ln()), 0.0, 0.0];
    for (ours, expected) in of(Coherence::UMass).iter().zip(expected) {
        assert!((ours - expected).abs() <= GOLDEN_METRIC, "{ours} is not {expected}");
    }
    assert_eq!(of(Coherence::CV)[4], 1.0);
    assert_eq!(of(Coherence::CUci)[3], 1e-12_f64.ln());
    assert_eq!(mean_coherence(Coherence::CNpmi, &topics, &occurrences), 0.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn coherence_is_a_number_within_its_bounds(
        bits in proptest::collection::vec(any::<bool>(), 6 * 9), n_docs in 1_usize..9,
    ) {
        let x = Matrix::from_fn(n_docs, 6, |d, v| f64::from(u8::from(bits[6 * d + v])));
        let topics = [vec![0, 1, 2, 3, 4, 5], vec![5, 3], vec![1]];
        let occurrences = Occurrences::of(&Features::from(x), &topics);
        for measure in Coherence::ALL {
            for c in coherence(measure, &topics, &occurrences) {
                prop_assert!(c.is_finite());
                match measure {
                    Coherence::CNpmi => prop_assert!((-1.0 - 1e-12..=1.0 + 1e-12).contains(&c)),
                    Coherence::CV => prop_assert!((-1.0 - 1e-12..=1.0 + 1e-12).contains(&c)),
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn the_assignment_costs_least(costs in proptest::collection::vec(-5_i32..6, 4 * 5), n in 0_usize..5) {
        let costs = Matrix::from_fn(n, 5, |i, j| f64::from(costs[5 * i + j]));
        let found = least_cost(&costs);
        let total = |columns: &[usize]| columns.iter().enumerate().map(|(i, &j)| costs[(i, j)]).sum::<f64>();
        let mut taken = found.clone();
        taken.sort_unstable();
        taken.dedup();
        prop_assert_eq!(taken.len(), n);
        // Every way to give n rows a column each.
        let mut ways: Vec<Vec<usize>> = vec![vec![]];
        for _ in 0..n {
            let longer = ways.iter().flat_map(|way| {
                (0..5).filter(|j| !way.contains(j)).map(|j| [way.as_slice(), &[j]].concat()).collect::<Vec<_>>()
            });
            ways = longer.collect();
        }
        let least = ways.iter().map(|way| total(way)).fold(f64::INFINITY, f64::min);
        prop_assert_eq!(total(&found), least);
    }
}

#[test]
fn words_of_topics() {
    let beta = Matrix::from_vec(2, 4, vec![0.5, 0.3, 0.2, 0.0, 0.5, 0.0, 0.1, 0.4]);
    assert_eq!(top_words(&beta, 3), [vec![0, 1, 2], vec![0, 3, 2]]);
    // Word 0 is half of everything and tells no topic; by lift the rare ones lead.
    let marginal = [0.5, 0.15, 0.15, 0.2];
    assert_eq!(top_words_by_relevance(&beta, &marginal, 1.0, 2), [vec![0, 1], vec![0, 3]]);
    assert_eq!(top_words_by_relevance(&beta, &marginal, 0.0, 2), [vec![1, 2], vec![3, 0]]);
    let r = relevance(beta.row(0), &marginal, 0.6);
    let by_hand = 0.6 * 0.3_f64.ln() + 0.4 * 2.0_f64.ln();
    assert!((r[1] - by_hand).abs() <= GOLDEN_METRIC && r[3] == f64::NEG_INFINITY);
    assert_eq!(relevance(&[0.5], &[0.0], 0.0), [f64::NEG_INFINITY]);
    assert_eq!(diversity(&top_words(&beta, 2)), 0.75);
    assert_eq!(diversity(&[]), 0.0);
}

#[test]
fn topics_of_another_run_are_found_again() {
    let mut rng = Rng::seeded(4);
    let beta = Matrix::from_fn(5, 40, |_, _| rng.exponential());
    let order = [3, 0, 4, 1, 2];
    let shuffled = beta.select_rows(&order);
    for pair in match_topics(&beta, &shuffled) {
        assert_eq!(order[pair.second], pair.first);
        assert!((pair.similarity - 1.0).abs() <= GOLDEN_METRIC);
    }
    // Three topics of five: each finds its own, the others none; the other way round too.
    let few = beta.select_rows(&[4, 1, 2]);
    let found: Vec<(usize, usize)> = match_topics(&beta, &few).iter().map(|p| (p.first, p.second)).collect();
    assert_eq!(found, [(1, 1), (2, 2), (4, 0)]);
    let found: Vec<(usize, usize)> = match_topics(&few, &beta).iter().map(|p| (p.first, p.second)).collect();
    assert_eq!(found, [(0, 4), (1, 1), (2, 2)]);
    assert!((stability(&[beta.clone(), shuffled, beta.clone()]) - 1.0).abs() <= GOLDEN_METRIC);
    let other = Matrix::from_fn(5, 40, |_, _| rng.exponential());
    assert!(stability(&[beta, other]) < 0.9);
}

#[test]
fn divergence_of_topics() {
    assert_eq!(jensen_shannon(&[1.0, 0.0], &[0.0, 3.0]), std::f64::consts::LN_2);
    assert_eq!(jensen_shannon(&[1.0, 1.0], &[2.0, 2.0]), 0.0);
    assert_eq!(jensen_shannon(&[0.0, 0.0], &[2.0, 2.0]), std::f64::consts::LN_2);
    // scipy 1.17.1: scipy.spatial.distance.jensenshannon([.1, .4, .5], [.3, .3, .4]) ** 2
    let scipys = 0.032529605522223067;
    let ours = jensen_shannon(&[0.1, 0.4, 0.5], &[0.3, 0.3, 0.4]);
    assert!((ours - scipys).abs() <= GOLDEN_METRIC, "{ours}");
}

#[test]
fn principal_coordinates_have_the_given_distances() {
    let mut rng = Rng::seeded(6);
    let points = Matrix::from_fn(7, 2, |_, _| rng.normal());
    let distance = |p: &Matrix<f64>, i: usize, j: usize| {
        p.row(i).iter().zip(p.row(j)).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
    };
    let distances = Matrix::from_fn(7, 7, |i, j| distance(&points, i, j));
    let found = principal_coordinates(&distances, 2).unwrap();
    for i in 0..7 {
        for j in 0..7 {
            assert!((distance(&found, i, j) - distances[(i, j)]).abs() <= 1e-10);
        }
    }
    // One point, and more dimensions than there are, stand at 0.
    assert_eq!(principal_coordinates(&Matrix::zeros(1, 1), 2).unwrap(), Matrix::zeros(1, 2));
}

#[test]
fn the_file_of_pyldavis_has_its_parts() {
    let mut rng = Rng::seeded(7);
    let (mut theta, mut beta) = (Matrix::zeros(30, 4), Matrix::zeros(4, 50));
    (0..30).for_each(|d| rng.dirichlet(&[0.4; 4], theta.row_mut(d)));
    (0..4).for_each(|k| rng.dirichlet(&[0.2; 50], beta.row_mut(k)));
    let mixture = Mixture { theta: &theta, beta: &beta, sizes: &[100.0; 30] };
    let file = serde_json::to_value(mixture.ldavis(Names::NONE).unwrap()).unwrap();
    let list = |part: &str, name: &str| file[part][name].as_array().unwrap().clone();
    assert_eq!(list("mdsDat", "topics").len(), 4);
    let shares: f64 = list("mdsDat", "Freq").iter().map(|x| x.as_f64().unwrap()).sum();
    assert!((shares - 100.0).abs() <= 1e-9);
    let n_terms = list("tinfo", "Term").len();
    for name in ["Freq", "Total", "Category", "logprob", "loglift"] {
        assert_eq!(list("tinfo", name).len(), n_terms, "{name}");
    }
    let default = list("tinfo", "Category").iter().filter(|c| c.as_str() == Some("Default")).count();
    assert_eq!(default, 30);
    // The shares of a term in the topics sum to 1 but for what is below half a count.
    let (terms, freq) = (list("token.table", "Term"), list("token.table", "Freq"));
    let mut sums = std::collections::BTreeMap::new();
    for (term, freq) in terms.iter().zip(&freq) {
        *sums.entry(term.as_str().unwrap().to_owned()).or_insert(0.0) += freq.as_f64().unwrap();
    }
    assert!(sums.values().all(|sum| *sum <= 1.0 + 1e-9));
    assert!(sums.values().filter(|sum| **sum > 0.9).count() > 20);
    assert_eq!((file["R"].as_u64(), file["lambda.step"].as_f64()), (Some(30), Some(0.01)));
    let mut order: Vec<u64> =
        file["topic.order"].as_array().unwrap().iter().map(|k| k.as_u64().unwrap()).collect();
    order.sort_unstable();
    assert_eq!(order, [1, 2, 3, 4]);
}

#[test]
fn a_structure_plot_keeps_the_means() {
    // More samples than columns: neighbours are averaged, all have their part.
    let theta = Matrix::from_fn(3000, 3, |i, k| f64::from(u8::from(i % 3 == k)));
    let Plot::Shares { parts, shares, groups } = structure(&theta, None).plot else { panic!("shares") };
    assert_eq!(parts.len(), 3);
    assert!(groups.iter().map(|g| g.1).sum::<usize>() * 3 == shares.len() && shares.len() / 3 <= 800);
    let of = |k: usize| shares.iter().skip(k).step_by(3).sum::<f64>() / (shares.len() / 3) as f64;
    (0..3).for_each(|k| assert!((of(k) - 1.0 / 3.0).abs() < 0.01, "{}", of(k)));
    let few = Matrix::filled(2, 2, 0.5);
    let labels = Labels::from_names(&["b".to_owned(), "a".to_owned()]);
    let Plot::Shares { groups, .. } = structure(&few, Some(&labels)).plot else { panic!("shares") };
    assert_eq!(groups, [("a".to_owned(), 1), ("b".to_owned(), 1)]);
}

#[test]
fn a_structure_plot_of_many_topics_joins_the_small_ones() {
    // Topic 7 has a third of every sample, the other 149 share the rest.
    let theta = Matrix::from_fn(3, 150, |_, k| if k == 7 { 1.0 / 3.0 } else { 2.0 / 3.0 / 149.0 });
    let Plot::Shares { parts, shares, .. } = structure(&theta, None).plot else { panic!("shares") };
    assert_eq!(parts.len(), SHOWN_TOPICS + 1);
    assert!(parts.contains(&"topic 8".to_string()));
    assert_eq!(parts.last().map(String::as_str), Some("all others"));
    for bar in shares.chunks(parts.len()) {
        assert!((bar.iter().sum::<f64>() - 1.0).abs() <= EXACT_SUM);
    }
}
