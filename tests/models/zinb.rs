//! The autoencoder of counts: the right likelihood wins, dropped counts come back, empty cells and genes survive.

use crate::tolerance::{SPARSE_OR_DENSE_NET, ZINB_DISPERSION, ZINB_DROPOUT};
use diabolo::data::{self, Simulated};
use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::models::autoencoder::zinb::{Dispersion, Form, Likelihood, Params, Zinb};
use diabolo::models::{Data, Decode, Encode, Labels, Model, Settings, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo_kernels::loss::{CountGradients, CountLoss, CountParameters, Counts, Link};

/// Planted counts: 600 cells x 80 genes in 3 groups, t = 2, a fifth dropped.
fn planted() -> Simulated {
    let name = "zinb:n_samples=600,n_features=80,n_groups=3,dispersion=2,dropout=0.2,mean=4,seed=3";
    data::simulated_by_name(name, &Budget::unlimited()).expect("a set").expect("valid parameters")
}

/// The entries that were lost: zeros of a mean so large that a draw is hardly ever 0.
fn is_lost(x: &Matrix<f64>, mu: &Matrix<f64>, i: usize, j: usize) -> bool {
    x[(i, j)] == 0.0 && mu[(i, j)] > 8.0
}

/// The root mean square of ln((1 + m) / (1 + mu)) over the lost entries.
fn error(x: &Matrix<f64>, mu: &Matrix<f64>, m: impl Fn(usize, usize) -> f64) -> f64 {
    let (mut sum, mut n) = (0.0, 0);
    for i in 0..x.n_rows() {
        for j in (0..x.n_cols()).filter(|&j| is_lost(x, mu, i, j)) {
            sum += (m(i, j).ln_1p() - mu[(i, j)].ln_1p()).powi(2);
            n += 1;
        }
    }
    assert!(n > 500, "{n} lost entries");
    (sum / f64::from(n)).sqrt()
}

fn short(form: Form) -> Params {
    Params { form, epochs: 60, batch_size: Some(32), ..Params::default() }
}

fn fitted(params: &Params, x: &Features) -> Zinb {
    fit(params, &Data::rows(x), None, &Env::seeded(5), &mut Silent).expect("a fit").0
}

fn nll(zinb: &Zinb, x: &Features) -> f64 {
    let losses = zinb.row_losses(&Data::rows(x), &Env::default()).expect("losses");
    losses.iter().sum::<f64>() / losses.len() as f64
}

#[test]
fn planted_parameters_explain_the_counts_best_with_their_own_likelihood() {
    let Simulated { dataset, truth } = planted();
    let (x, mu) = (dataset.features.to_dense(), &truth[0].1);
    let n = x.values().len();
    let (theta, logit) = (vec![2.0; n], vec![(0.2_f64 / 0.8).ln(); n]);
    // With additional zeros m is the planted mean; without, the mean of what was counted is four fifths of it.
    let seen: Vec<f64> = mu.values().iter().map(|m| 0.8 * m).collect();
    let nll = |mean: &[f64], dispersion: Option<&[f64]>, logit: Option<&[f64]>| {
        let parameters = CountParameters { mean, dispersion, logit, link: Link::Direct };
        let gradients = CountGradients::default();
        f64::count_nll(Counts::Dense(x.values()), x.n_cols(), parameters, 1.0, gradients, None) / n as f64
    };
    let zinb = nll(mu.values(), Some(&theta), Some(&logit));
    let nb = nll(&seen, Some(&theta), None);
    let poisson = nll(&seen, None, None);
    assert!(zinb + 0.02 < nb && nb + 0.2 < poisson, "zinb {zinb}, nb {nb}, poisson {poisson}");
}

#[test]
fn held_out_cells_are_likelier_under_the_planted_likelihood() {
    let set = planted().dataset;
    let (train, test): (Vec<usize>, Vec<usize>) = (0..600).partition(|i| i % 5 != 0);
    let [train, test] = [train, test].map(|rows| set.features.select_rows(&rows));
    for form in [Form::Dca, Form::Scvi] {
        let of = |likelihood| {
            let dispersion = Some(Dispersion::Gene);
            nll(&fitted(&Params { likelihood, dispersion, ..short(form) }, &train), &test)
        };
        let [zinb, nb, poisson] = [Likelihood::Zinb, Likelihood::Nb, Likelihood::Poisson].map(of);
        assert!(zinb < nb && nb < poisson, "{form:?}: zinb {zinb}, nb {nb}, poisson {poisson}");
    }
}

#[test]
fn dropped_counts_come_back() {
    let Simulated { dataset, truth } = planted();
    let (x, mu) = (dataset.features.to_dense(), &truth[0].1);
    let raw = error(&x, mu, |_, _| 0.0);
    let means: Vec<f64> = dataset.features.col_sums().iter().map(|sum| sum / 600.0).collect();
    let gene_means = error(&x, mu, |_, j| means[j]);
    for form in [Form::Dca, Form::Scvi] {
        // Short codes: with 32 numbers for 80 genes a code tells which counts were lost, and the mean follows.
        let params = Params { n_latent: Some(4), dispersion: Some(Dispersion::Gene), ..short(form) };
        let imputed =
            fitted(&params, &dataset.features).impute(&dataset.features, &Env::default()).expect("means");
        let imputed = error(&x, mu, |i, j| f64::from(imputed[(i, j)]));
        assert!(
            imputed < 0.25 * raw && imputed < gene_means,
            "{form:?}: {imputed}, means {gene_means}, zeros {raw}"
        );
    }
}

#[test]
fn dispersion_and_dropout_are_recovered_roughly() {
    let set = planted().dataset;
    let params = Params { dispersion: Some(Dispersion::Gene), epochs: 150, ..short(Form::Scvi) };
    let found =
        fitted(&params, &set.features).count_model(&set.features, &Env::default()).expect("parameters");
    // Of genes with large counts, whose zeros are dropouts.
    let means: Vec<f64> = set.features.col_sums().iter().map(|sum| sum / 600.0).collect();
    let large: Vec<usize> = (0..80).filter(|&j| means[j] > 6.0).collect();
    assert!(large.len() > 10, "{} large genes", large.len());
    let average = |x: &Matrix<f32>| {
        large.iter().map(|&j| x.col(j).iter().map(|&v| f64::from(v)).sum::<f64>() / 600.0).sum::<f64>()
            / large.len() as f64
    };
    let (theta, pi) =
        (average(&found.dispersion.expect("of zinb")), average(&found.dropout.expect("of zinb")));
    assert!((theta / 2.0).ln().abs() < ZINB_DISPERSION, "theta {theta}, planted 2");
    assert!((pi - 0.2).abs() < ZINB_DROPOUT, "pi {pi}, planted 0.2");
}

#[test]
fn empty_cells_and_genes_survive() {
    let mut x = planted().dataset.features.to_dense();
    for i in 0..x.n_rows() {
        x[(i, 7)] = 0.0;
    }
    x.row_mut(11).fill(0.0);
    let x = Features::Sparse(Csr::from_dense(&x));
    let env = Env::default();
    for form in [Form::Dca, Form::Scvi] {
        for likelihood in [Likelihood::Zinb, Likelihood::Nb, Likelihood::Poisson] {
            let zinb = fitted(&Params { likelihood, epochs: 8, ..short(form) }, &x);
            assert!(zinb.encode(&x, &env).expect("codes").to_f64().is_finite());
            let found = zinb.count_model(&x, &env).expect("parameters");
            assert!(found.mean.is_finite() && found.mean.values().iter().all(|&m| m > 0.0));
            assert_eq!(found.dispersion.is_some(), likelihood != Likelihood::Poisson);
            assert_eq!(found.dropout.is_some(), likelihood == Likelihood::Zinb);
            for (name, value) in zinb.score(&Data::rows(&x), &env).expect("scores") {
                assert!(value.is_finite(), "{form:?} {likelihood:?} {name} {value}");
            }
            assert!(!zinb.figures(&Data::rows(&x), &env).expect("figures").is_empty());
        }
    }
    // Nothing but empty cells is still no reason to fail.
    let nothing = Features::from(Matrix::<f64>::zeros(40, 5));
    assert!(
        fitted(&Params { epochs: 2, ..short(Form::Dca) }, &nothing)
            .impute(&nothing, &env)
            .expect("means")
            .is_finite()
    );
}

#[test]
fn sparse_counts_are_fitted_as_dense_ones() {
    let sparse = planted().dataset.features;
    let dense = Features::from(sparse.to_dense());
    for form in [Form::Dca, Form::Scvi] {
        let params = Params { epochs: 2, learning_rate: 1e-4, ..short(form) };
        let [a, b] = [fitted(&params, &sparse), fitted(&params, &dense)];
        let (one, other) = (nll(&a, &sparse), nll(&b, &dense));
        assert!((one / other - 1.0).abs() < SPARSE_OR_DENSE_NET, "{form:?}: {one} sparse, {other} dense");
        // A model of sparse counts reads dense ones, and the other way round.
        let crossed = nll(&a, &dense);
        assert!((one / crossed - 1.0).abs() < 1e-6, "{form:?}: {one}, {crossed}");
        assert!((nll(&b, &sparse) / other - 1.0).abs() < 1e-6);
    }
}

#[test]
fn the_marginal_likelihood_is_above_the_bound() {
    let x = planted().dataset.features;
    let params = Params { iwae_samples: 20, epochs: 20, ..short(Form::Scvi) };
    let found =
        fitted(&params, &x).evaluate(&Data::rows(&x), &Env::default()).expect("scores").expect("a bound");
    let neg_elbo = found.reconstruction + found.kl_by_axis.iter().sum::<f64>();
    let iwae = found.iwae.expect("it was asked for");
    assert!(iwae < neg_elbo && iwae > 0.8 * neg_elbo, "iwae {iwae}, bound {neg_elbo}");
    assert!(found.kl_by_axis.iter().sum::<f64>() > 0.5, "the codes say something");
}

#[test]
fn normalised_expression_knows_no_size() {
    let x = planted().dataset.features;
    let env = Env::default();
    let scvi = fitted(&Params { epochs: 5, ..short(Form::Scvi) }, &x);
    let sums = Features::from(scvi.normalised(&x, &env).expect("means")).row_sums();
    // A softmax times the median sum.
    assert!(sums.iter().all(|sum| (sum / scvi.median_library() - 1.0).abs() < 1e-4), "{sums:?}");
    let drawn = scvi.sampler().expect("it has a prior").sample(50, &Env::seeded(2)).expect("samples");
    assert!(drawn.first_where(|x| x < 0.0 || x.fract() != 0.0).is_none());
    let mean = drawn.row_sums().iter().sum::<f64>() / 50.0;
    assert!((0.3..2.0).contains(&(mean / scvi.median_library())), "{mean}");
    let dca = fitted(&Params { epochs: 2, ..short(Form::Dca) }, &x);
    assert!(dca.sampler().is_none());
    let (normal, imputed) = (dca.normalised(&x, &env).expect("means"), dca.impute(&x, &env).expect("means"));
    for (i, sum) in x.row_sums().into_iter().enumerate() {
        let s = sum / dca.median_library();
        for (m, sm) in normal.row(i).iter().zip(imputed.row(i)) {
            assert!((s * m / f64::from(*sm) - 1.0).abs() < 1e-5, "{} for {sm}", s * m);
        }
    }
    assert_eq!(dca.decode(&Matrix::zeros(2, 32), &env).expect("means").shape(), [2, 80]);
}

#[test]
fn what_is_no_count_is_refused() {
    let bad = [(-1.0, "negative"), (0.5, "a fraction"), (f64::NAN, "no number")];
    for (value, what) in bad {
        let mut x = Matrix::filled(10, 4, 2.0);
        x[(3, 1)] = value;
        let x = Features::from(x);
        let refused = fit(&Params::default(), &Data::rows(&x), None, &Env::default(), &mut Silent);
        let error = refused.err().unwrap_or_else(|| panic!("{what} is taken"));
        assert!(error.to_string().contains("row 4, column 2"), "{what}: {error}");
        assert_eq!(error.exit_code(), 65);
    }
    let zinb = fitted(&Params { epochs: 1, ..short(Form::Dca) }, &Features::from(Matrix::filled(10, 4, 2.0)));
    let fraction = Features::from(Matrix::filled(1, 4, 0.5));
    assert!(zinb.encode(&fraction, &Env::default()).is_err());
}

#[test]
fn parameters_that_say_nothing_are_refused() {
    let scvi = Params { form: Form::Scvi, ..Params::default() };
    let bad = [
        Params { n_latent: Some(0), ..scvi.clone() },
        Params { hidden: vec![0], ..scvi.clone() },
        Params { batch_size: Some(1), ..scvi.clone() },
        Params { ridge: 1.0, likelihood: Likelihood::Nb, ..scvi.clone() },
        Params { iwae_samples: 5, ..Params::default() },
        Params { validation: 0.0, ..Params::default() },
    ];
    for params in bad {
        assert_eq!(params.check().expect_err("no sense").exit_code(), 2, "{params:?}");
    }
}

#[test]
fn the_decoder_that_knows_of_batches_takes_them_out_of_the_codes() {
    // Every other cell was measured by a method that finds a third of half of the genes.
    let Simulated { dataset, .. } = planted();
    let mut rng = diabolo::random::Rng::seeded(1);
    let mut x = dataset.features.to_dense();
    for i in (0..x.n_rows()).step_by(2) {
        for j in (0..x.n_cols()).step_by(2) {
            x[(i, j)] = rng.binomial(x[(i, j)] as u64, 0.33) as f64;
        }
    }
    let x = Features::Sparse(Csr::from_dense(&x));
    let names: Vec<String> = (0..600).map(|i| ["day 1", "day 2"][i % 2].to_owned()).collect();
    let batches = Labels::from_names(&names);
    let env = Env::default();
    let neighbours_of_another_batch = |zinb: &Zinb| {
        let z = zinb.encode(&x, &env).expect("codes").to_f64();
        let distance =
            |a: usize, b: usize| z.row(a).iter().zip(z.row(b)).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
        let nearest = |i: usize| {
            let mut others: Vec<usize> = (0..600).filter(|&k| k != i).collect();
            others.sort_by(|&a, &b| distance(i, a).total_cmp(&distance(i, b)));
            others[..10].iter().filter(|&&k| k % 2 != i % 2).count()
        };
        (0..100).map(nearest).sum::<usize>() as f64 / 1000.0
    };
    let params = Params { epochs: 100, ..short(Form::Scvi) };
    let told = Data { batches: Some(&batches), ..Data::rows(&x) };
    let [with, without] = [&told, &Data::rows(&x)].map(|data| {
        let zinb = fit(&params, data, None, &Env::seeded(5), &mut Silent).expect("a fit").0;
        assert!(zinb.score(data, &env).expect("scores").iter().all(|(_, value)| value.is_finite()));
        zinb
    });
    let [mixed, apart] = [&with, &without].map(neighbours_of_another_batch);
    assert!(
        mixed > 0.3 && mixed > apart + 0.1,
        "of the neighbours {mixed} are of the other batch, else {apart}"
    );
    // Batches are known by their names, whatever their order.
    let nll = |data: &Data| with.row_losses(data, &env).map(|losses| losses.iter().sum::<f64>());
    let last = x.select_rows(&[1, 3, 5]);
    let day_2 = Labels::from_names(&vec!["day 2".to_owned(); 3]);
    let day_3 = Labels::from_names(&vec!["day 3".to_owned(); 3]);
    let of_day_2 = Data { batches: Some(&day_2), ..Data::rows(&last) };
    let of_day_3 = Data { batches: Some(&day_3), ..Data::rows(&last) };
    let all = with.row_losses(&told, &env).expect("losses");
    let same = nll(&of_day_2).expect("losses");
    assert!((same / (all[1] + all[3] + all[5]) - 1.0).abs() < 1e-5, "{same}");
    assert_eq!(nll(&of_day_3).expect_err("a batch of no fit").exit_code(), 65);
}
