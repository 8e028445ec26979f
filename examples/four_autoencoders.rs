//! The losses of AE, GAE, VAE and VGAE side by side: `cargo run --release --example four_autoencoders`.
//!
//! All four see the karate club: the first and the third as rows of A + I, one a member, the others as a graph.
//! docs/four-autoencoders.md explains the table.

use diabolo::Result;
use diabolo::data::{karate, karate_graph};
use diabolo::linalg::Features;
use diabolo::models::autoencoder::{ae, vae};
use diabolo::models::graph::{Embedding, gae, vgae};
use diabolo::models::{Data, Encode, History, fit};
use diabolo::monitor::{Env, Silent};

const N_LATENT: usize = 4;
const EPOCHS: u64 = 200;

fn main() -> Result<()> {
    let (club, graph, env) = (karate(), karate_graph(), Env::seeded(1));
    let rows = Features::F64(graph.with_loops::<f64>().to_dense());
    let n = rows.n_samples() as f64;
    println!(
        "{:>6} {:>10} {:>10} {:>10}   nats a pair, {N_LATENT} numbers a member",
        "", "pairs", "KL", "loss"
    );
    let show = |name: &str, pairs: f64, kl: f64| {
        println!("{name:>6} {pairs:>10.4} {kl:>10.4} {:>10.4}", pairs + kl);
    };

    let plain = ae::Params {
        n_latent: N_LATENT,
        hidden: vec![32],
        loss: ae::Loss::CrossEntropy,
        epochs: EPOCHS,
        batch_size: 34,
        learning_rate: 0.01,
        ..ae::Params::default()
    };
    let (_, history) = fit(&plain, &Data::rows(&rows), None, &env, &mut Silent)?;
    // Its loss is a mean over rows, of n pairs each.
    show("AE", last(&history) / n, 0.0);
    let varied = vae::Params {
        n_latent: N_LATENT,
        hidden: vec![32],
        epochs: EPOCHS,
        batch_size: 34,
        learning_rate: 0.01,
        ..vae::Params::default()
    };
    let (model, _) = fit(&varied, &Data::rows(&rows), None, &env, &mut Silent)?;
    let bound = model.evaluate(&rows, &env)?;
    show("VAE", bound.reconstruction / n, bound.kl() / n);

    let on_graph = gae::Params { n_latent: N_LATENT, validation: 0.0, test: 0.0, ..gae::Params::default() };
    let (codes, history) = fit(&on_graph, &club.data(), None, &env, &mut Silent)?;
    show("GAE", last(&history), 0.0);
    let varied = vgae::Params { n_latent: N_LATENT, validation: 0.0, test: 0.0, ..vgae::Params::default() };
    let (_, history) = fit(&varied, &club.data(), None, &env, &mut Silent)?;
    let told =
        |name: &str| history.metrics().get(name).and_then(|all| all.last()).copied().unwrap_or(f64::NAN);
    show("VGAE", told("links"), told("divergence"));

    let quiet = vgae::Params { noise: false, beta: 0.0, ..varied };
    let (same, history) = fit(&quiet, &club.data(), None, &env, &mut Silent)?;
    println!(
        "VGAE without noise and KL: {:.4}; its codes are those of GAE: {}",
        last(&history),
        equal(&same, &codes)
    );
    let alone = codes.encode(&club.features.select_rows(&[0]), &env)?.to_f64();
    println!("a member by its friends alone: {:.2?}", alone.row(0));
    Ok(())
}

fn last(history: &History) -> f64 {
    history.last_objective().unwrap_or(f64::NAN)
}

fn equal(a: &Embedding, b: &Embedding) -> bool {
    a.codes.0 == b.codes.0
}
