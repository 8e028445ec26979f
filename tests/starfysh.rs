//! Starfysh's steps on a planted tissue, its generative loss, and what it refuses.

use crate::data::real;
use crate::tolerance::{GRADIENT, RANK_SUM, SIMPLEX_SUM};
use diabolo::applications::starfysh::generative::{Net, Sizes};
use diabolo::applications::starfysh::{Merge, Params, Signatures, Starfysh, run};
use diabolo::autodiff::{Graph, Program, Store, check};
use diabolo::io::read::{ReadOptions, read};
use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::metrics::rank_sum::Ranks;
use diabolo::models::{Data, Dataset, Names};
use diabolo::monitor::{Budget, Env};
use diabolo::random::Rng;
use diabolo_kernels::parallel::with_threads;

/// Genes that only one type has much of, for each type; further genes are the same in all.
const OWN: usize = 15;

/// A tissue of stripes: counts, places, what each spot is made of, and genes of types.
struct Tissue {
    set: Dataset,
    places: Matrix<f64>,
    proportions: Matrix<f64>,
    signatures: Signatures,
}

fn tissue(side: usize, n_types: usize, seed: u64) -> Tissue {
    let mut rng = Rng::seeded(seed);
    let (n, n_genes) = (side * side, n_types * OWN + 60);
    let places =
        Matrix::from_fn(n, 2, |i, axis| if axis == 0 { (i % side) as f64 } else { (i / side) as f64 });
    let mut proportions = Matrix::zeros(n, n_types);
    for i in 0..n {
        // Most of a spot is its stripe's type.
        let stripe = (i % side) * n_types / side;
        let alpha: Vec<f64> = (0..n_types).map(|t| if t == stripe { 6.0 } else { 0.4 }).collect();
        rng.dirichlet(&alpha, proportions.row_mut(i));
    }
    let rate = |t: usize, g: usize| if g / OWN == t && g < n_types * OWN { 10.0 } else { 1.0 };
    let mut counts = Matrix::zeros(n, n_genes);
    for i in 0..n {
        let size = 1.0 + rng.uniform();
        for g in 0..n_genes {
            let mean: f64 = (0..n_types).map(|t| proportions[(i, t)] * rate(t, g)).sum();
            counts[(i, g)] = rng.poisson(2.0 * size * mean) as f64;
        }
    }
    let gene = |g: usize| format!("gene{g}");
    let names = Names {
        samples: Some((0..n).map(|i| format!("spot{i}")).collect()),
        features: Some((0..n_genes).map(gene).collect()),
        ..Default::default()
    };
    // Not all of a type's genes are known.
    let known = |t: usize| (t * OWN..t * OWN + OWN - 5).map(gene).collect();
    let signatures = Signatures {
        types: (0..n_types).map(|t| format!("type{t}")).collect(),
        genes: (0..n_types).map(known).collect(),
    };
    let features = Features::Sparse(Csr::from_dense(&counts));
    Tissue { set: Dataset { names, ..Dataset::unnamed(features) }, places, proportions, signatures }
}

/// Few epochs of larger steps.
fn quick() -> Params {
    Params {
        epochs: 15,
        learning_rate: 2e-3,
        n_restarts: 1,
        merge: Merge::Count,
        n_major: 3,
        ..Params::default()
    }
}

fn found(tissue: &Tissue, signatures: Option<&Signatures>, params: &Params) -> Starfysh {
    run(&tissue.set.data(), &tissue.places, signatures, params, &Env::seeded(3)).expect("a run")
}

fn on_simplex(rows: &Matrix<f64>) -> bool {
    rows.rows().all(|row| {
        row.iter().all(|v| *v >= 0.0) && (row.iter().sum::<f64>() - 1.0).abs() <= 8.0 * SIMPLEX_SUM
    })
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let (ma, mb) = (mean(a), mean(b));
    let product = |x: &[f64], mx: f64, y: &[f64], my: f64| -> f64 {
        x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum()
    };
    product(a, ma, b, mb) / (product(a, ma, a, ma) * product(b, mb, b, mb)).sqrt()
}

/// The type that a set of spots has most of.
fn main_type(tissue: &Tissue, spots: &[usize]) -> usize {
    let total = |t: usize| spots.iter().map(|&i| tissue.proportions[(i, t)]).sum::<f64>();
    (0..tissue.proportions.n_cols()).max_by(|&a, &b| total(a).total_cmp(&total(b))).expect("a type")
}

#[test]
fn types_find_their_archetypes_and_spots_their_types() {
    let tissue = tissue(14, 3, 1);
    let found = found(&tissue, Some(&tissue.signatures), &quick());
    assert!(on_simplex(&found.mixtures) && on_simplex(found.archetypes.w()));
    let matched = found.matched.as_ref().expect("signatures were given");
    for (t, archetype) in matched.archetype.iter().enumerate() {
        let community = &found.communities[archetype.expect("an archetype for each type")];
        assert_eq!(main_type(&tissue, &community.spots), t);
        assert_eq!(main_type(&tissue, &matched.anchors[t]), t);
        // What joined the signature are genes of the type that were held back, which come first by their significance.
        let given = matched.genes[t].len() - matched.n_appended[t];
        let own = |g: &&usize| **g / OWN == t;
        assert!(matched.genes[t][given..].iter().filter(own).count() >= 3, "{:?}", matched.genes[t]);
    }
    assert!(matched.novel.is_empty());
    let generated = found.generated.as_ref().expect("epochs were asked for");
    assert!(on_simplex(&generated.proportions) && on_simplex(&generated.prior));
    for t in 0..3 {
        let r = correlation(&generated.proportions.col(t), &tissue.proportions.col(t));
        assert!(r > 0.9, "type {t}: {r}");
    }
    assert!(generated.loss.last() < generated.loss.first());
}

#[test]
fn a_type_nobody_named_is_a_candidate() {
    let tissue = tissue(14, 3, 2);
    let mut two = tissue.signatures.clone();
    two.types.truncate(2);
    two.genes.truncate(2);
    let found_two = found(&tissue, Some(&two), &Params { epochs: 0, ..quick() });
    let novel = &found_two.matched.as_ref().expect("signatures").novel;
    assert_eq!(novel.len(), 1);
    assert_eq!(main_type(&tissue, &found_two.communities[novel[0].archetype].spots), 2);
    // As a factor of its own it gets its share.
    let found = found(&tissue, Some(&two), &Params { add_novel: true, ..quick() });
    let generated = found.generated.as_ref().expect("a stage");
    assert_eq!(generated.names.len(), 3);
    let r = correlation(&generated.proportions.col(2), &tissue.proportions.col(2));
    assert!(r > 0.9, "{r}");
}

#[test]
fn without_signatures_archetypes_are_the_factors() {
    let tissue = tissue(14, 3, 3);
    let found = found(&tissue, None, &quick());
    let generated = found.generated.as_ref().expect("a stage");
    assert_eq!(generated.names, ["archetype_1", "archetype_2", "archetype_3"]);
    for (j, community) in found.communities.iter().enumerate() {
        let t = main_type(&tissue, &community.spots);
        let r = correlation(&generated.proportions.col(j), &tissue.proportions.col(t));
        assert!(r > 0.85, "archetype {j}: {r}");
        let r = correlation(&found.mixtures.col(j), &tissue.proportions.col(t));
        assert!(r > 0.7, "archetype {j} by mixtures: {r}");
    }
}

#[test]
fn markers_are_the_rank_sums_of_their_genes() {
    let tissue = tissue(12, 3, 4);
    let found = found(&tissue, None, &Params { epochs: 0, ..quick() });
    let x = found.prepared.logged.to_dense();
    for community in &found.communities {
        let mut inside = vec![false; 144];
        community.spots.iter().for_each(|&i| inside[i] = true);
        let t = main_type(&tissue, &community.spots);
        assert!(community.markers.windows(2).all(|pair| pair[0].test.auc >= pair[1].test.auc));
        let own = community.markers[..10]
            .iter()
            .filter(|marker| found.prepared.genes[marker.gene] / OWN == t)
            .count();
        assert!(own >= 8, "{own} of 10 markers are genes of type {t}");
        for marker in &community.markers {
            let honest = Ranks::of(&x.col(marker.gene)).compare(&inside);
            assert!((marker.test.z - honest.z).abs() <= RANK_SUM * (1.0 + honest.z), "{marker:?} {honest:?}");
            assert!(marker.adjusted >= marker.test.p_value && marker.adjusted <= 1.0);
        }
    }
}

#[test]
fn merging_loses_nobody() {
    let tissue = tissue(12, 4, 5);
    for merge in [Merge::None, Merge::Greedy, Merge::Distance, Merge::Count] {
        let params = Params { n_archetypes: 7, merge, n_major: 4, epochs: 0, ..Params::default() };
        let found = found(&tissue, None, &params);
        let groups = &found.granularity;
        assert_eq!(groups.group.len(), 7);
        for (j, &group) in groups.group.iter().enumerate() {
            let major = groups.major[group];
            assert_eq!(groups.group[major], group, "archetype {j}'s parent stands for its own group");
            assert!(major <= j, "the largest of a group stands for it");
        }
        assert_eq!(found.communities.len(), groups.major.len());
        assert!(on_simplex(&found.mixtures));
        match merge {
            Merge::None => assert_eq!(groups.major.len(), 7),
            Merge::Count => assert_eq!(groups.major.len(), 4),
            _ => assert!((1..=7).contains(&groups.major.len())),
        }
    }
    // All close: one is left, and the steps go on with it.
    let params = Params { n_archetypes: 4, closeness: 1e3, epochs: 0, ..Params::default() };
    let one = found(&tissue, Some(&tissue.signatures), &params);
    assert_eq!(one.communities.len(), 1);
    assert_eq!(one.matched.expect("signatures").archetype.iter().flatten().count(), 1);
}

#[test]
fn threads_do_not_change_a_bit() {
    let tissue = tissue(10, 3, 6);
    let all = |threads| {
        with_threads(threads, || {
            let found = found(&tissue, Some(&tissue.signatures), &Params { epochs: 2, ..quick() });
            let generated = found.generated.expect("a stage");
            (found.mixtures.into_values(), generated.proportions.into_values())
        })
    };
    assert_eq!(all(1), all(2));
}

#[test]
fn the_gradient_of_the_generative_loss_is_its_own() {
    for (n_factors, seed) in [(1, 1), (2, 2), (3, 3)] {
        let (rows, sizes) = (5, Sizes { n_genes: 4, n_factors });
        let mut store = Store::default();
        let net = Net::of_width(&mut store, sizes, 3, (Vec::new(), Matrix::zeros(0, n_factors)), seed);
        let mut rng = Rng::seeded(seed);
        // Away from where parameters begin, at 0.
        store.values_mut().iter_mut().for_each(|v| *v += 0.3 * rng.normal());
        let mut graph = Graph::default();
        let recorded = net.loss(&mut graph, &store, rows, true);
        let counts: Vec<f64> = (0..rows * 4).map(|_| rng.poisson(3.0) as f64).collect();
        let mut draw = |n: usize, f: fn(&mut Rng) -> f64| (0..n).map(|_| f(&mut rng)).collect::<Vec<f64>>();
        let filled = [
            (recorded.x, counts.iter().map(|x| x.ln_1p()).collect()),
            (recorded.counts, counts.clone()),
            (recorded.library, draw(rows, |rng| 2.0 + 0.1 * rng.normal())),
            (recorded.prior, draw(rows * n_factors, |rng| 1.0 + 10.0 * rng.uniform())),
            (recorded.uniform, draw(rows * n_factors, |rng| 0.1 + 0.8 * rng.uniform())),
            (recorded.normal[0], draw(rows, Rng::normal)),
            (recorded.normal[1], draw(rows * 10, Rng::normal)),
            (recorded.normal[2], draw(n_factors * 10, Rng::normal)),
        ];
        let fill = |program: &mut Program<f64>| {
            for (input, values) in &filled {
                program.input_mut(*input).copy_from_slice(values);
            }
        };
        let worst = check::worst(graph, recorded.loss, &mut store, fill, 6e-6);
        assert!(worst.error <= 10.0 * GRADIENT, "{n_factors} factors: {worst:?}");
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let good = tissue(6, 2, 7);
    let params = Params { n_archetypes: 2, epochs: 0, ..Params::default() };
    let refused = |set: &Dataset, places: &Matrix<f64>, signatures: Option<&Signatures>, params: &Params| {
        let error = run(&set.data(), places, signatures, params, &Env::default()).err().expect("an error");
        error.to_string()
    };
    let with = |i: usize, value: f64| {
        let mut x = good.set.features.to_dense();
        x.row_mut(i).fill(value);
        Dataset { features: x.into(), ..good.set.clone() }
    };
    let error = refused(&with(5, 0.0), &good.places, None, &params);
    assert_eq!(error, "counts: spot spot5 has none; leave it out of the file");
    assert!(refused(&with(5, -1.0), &good.places, None, &params).contains("negative"));
    let few = Dataset::unnamed(good.set.features.select_rows(&[0, 1, 2]));
    let error = refused(&few, &good.places.select_rows(&[0, 1, 2]), None, &params);
    assert_eq!(error, "expected at least 10 spots, received 3");
    let error = refused(&good.set, &good.places.select_rows(&[0, 1]), None, &params);
    assert_eq!(error, "expected a place for each of 36 spots, received 2 places");
    let mut nowhere = good.places.clone();
    nowhere[(3, 1)] = f64::NAN;
    assert!(refused(&good.set, &nowhere, None, &params).contains("spot3"));
    let strange = Signatures { types: vec!["a".into()], genes: vec![vec!["no".into(), "none".into()]] };
    let error = refused(&good.set, &good.places, Some(&strange), &params);
    assert!(error.contains("none of the 2 genes of type a is in the data (no, none)"), "{error}");
    let twice = Signatures { types: vec!["a".into(); 2], genes: vec![vec!["gene1".into()]; 2] };
    assert!(refused(&good.set, &good.places, Some(&twice), &params).contains("twice"));
    let many = Params { n_archetypes: 40, ..params.clone() };
    assert!(refused(&good.set, &good.places, None, &many).contains("40 archetypes of 36 spots"));
    let alike = Dataset::unnamed(Matrix::filled(20, 5, 3.0).into());
    let places = Matrix::from_fn(20, 2, |i, j| (i + j) as f64);
    assert!(refused(&alike, &places, None, &params).contains("alike"));
    // A gene of a signature that is not there is told of, and the others serve.
    let mut half = good.signatures.clone();
    half.genes[0].push("unheard".into());
    let found = found(&good, Some(&half), &params);
    assert!(
        found
            .warnings
            .iter()
            .any(|said| said.contains("1 of 11 genes of type type0") && said.contains("unheard"))
    );
}

#[test]
fn layers_of_the_olfactory_bulb_are_found_better_than_by_k_means() {
    let Some(folder) = real("spatial_mob") else { return };
    let options = ReadOptions {
        transpose: true,
        sample_names: Some(folder.join("spots.tsv")),
        feature_names: Some(folder.join("genes.tsv")),
        ..ReadOptions::default()
    };
    let set =
        read(&folder.join("counts_genes_x_spots.mtx.gz"), &options, &Budget::unlimited()).expect("counts");
    let names = set.names.samples.clone().expect("names");
    let table = |file: &str| -> Vec<Vec<String>> {
        let text = std::fs::read_to_string(folder.join(file)).expect("a table");
        text.lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect()).collect()
    };
    let of = |table: &[Vec<String>], name: &String| table.iter().find(|line| line[0] == *name).cloned();
    let (positions, annotations) = (table("pos.tsv"), table("annot.tsv"));
    let places: Vec<f64> = names
        .iter()
        .flat_map(|name| {
            let line = of(&positions, name).expect("a place");
            [line[1].parse::<f64>().expect("x"), line[2].parse::<f64>().expect("y")]
        })
        .collect();
    let places = Matrix::from_vec(262, 2, places);
    let class: Vec<Option<u32>> = names
        .iter()
        .map(|name| of(&annotations, name).map(|line| line[1][..1].parse::<u32>().expect("a layer") - 1))
        .collect();
    assert_eq!(class.iter().flatten().count(), 260, "two spots have no layer");
    let params = Params { epochs: 0, ..Params::default() };
    let env = Env::seeded(0);
    let found = run(&set.data(), &places, None, &params, &env).expect("a run");
    let metrics = found.metrics(Some(&class), &env).expect("figures");
    let figure = |name: &str| metrics.iter().find(|(known, _)| known == name).expect("a figure").1;
    assert!(figure("archetypes_ari") > figure("kmeans_ari"), "{metrics:?}");
}

#[test]
fn data_without_names_serve_too() {
    let tissue = tissue(8, 2, 8);
    let data = Data::rows(&tissue.set.features);
    let params = Params { n_archetypes: 2, epochs: 1, n_restarts: 1, ..Params::default() };
    let found = run(&data, &tissue.places, None, &params, &Env::seeded(1)).expect("a run");
    assert_eq!(found.prepared.names[0], "feature_1");
}
