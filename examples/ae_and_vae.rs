//! What a variational autoencoder adds to an autoencoder, part by part: `cargo run --release --example ae_and_vae`.
//!
//! One VAE of the embedded digits; its loss taken apart on the same weights; the autoencoder that has these weights; and
//! an autoencoder of that shape fitted for itself. docs/ae-and-vae.md explains the table.

use diabolo::Result;
use diabolo::data::{self, Scale, Scaler};
use diabolo::linalg::{Features, Matrix};
use diabolo::metrics::discrepancy::mmd_squared_to_normal;
use diabolo::models::autoencoder::{ae, vae};
use diabolo::models::{Data, Decode, Encode, Fit, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::tensors::Named;

const N_LATENT: usize = 6;
const HIDDEN: usize = 64;
const EPOCHS: u64 = 100;

fn main() -> Result<()> {
    let mut digits = data::digits(&Budget::unlimited())?;
    let scaler = Scaler::fit(&digits.features, Scale::Max, &Budget::unlimited())?;
    digits.features = scaler.apply(digits.features, &Budget::unlimited())?;
    let (x, env) = (&digits.features, Env::seeded(1));

    let params =
        vae::Params { n_latent: N_LATENT, hidden: vec![HIDDEN], epochs: EPOCHS, ..Default::default() };
    let (vae, _) = fit(&params, &Data::rows(x), None, &env, &mut Silent)?;
    let bound = vae.evaluate(x, &env)?;
    let mu = vae.encode(x, &env)?.to_f64();

    let shape = ae::Params {
        n_latent: N_LATENT,
        hidden: vec![HIDDEN],
        loss: ae::Loss::CrossEntropy,
        epochs: EPOCHS,
        ..Default::default()
    };
    let twin = with_weights_of(&vae, &shape)?;
    let (ae, _) = fit(&shape, &Data::rows(x), None, &env, &mut Silent)?;
    let by_ae =
        |ae: &ae::Ae| -> Result<f64> { cross_entropy(x, &ae.decode(&ae.encode(x, &env)?.to_f64(), &env)?) };

    println!(
        "nats a sample, {} digits of 8 x 8, {N_LATENT} latent, {HIDDEN} hidden, {EPOCHS} epochs",
        x.n_samples()
    );
    println!("{:>8.3}  VAE: its loss, noise and divergence in it", bound.reconstruction + bound.kl());
    println!("{:>8.3}  - KL: what the divergence costs", bound.kl());
    println!("{:>8.3}  = E_q -ln p(x | z): without the divergence", bound.reconstruction);
    println!("{:>8.3}    -ln p(x | mu): without the noise too", cross_entropy(x, &vae.decode(&mu, &env)?)?);
    println!("{:>8.3}  AE with the same weights: the same number", by_ae(&twin)?);
    println!("{:>8.3}  AE fitted for itself", by_ae(&ae)?);

    let width = (N_LATENT as f64).sqrt();
    let apart = |z: &Matrix<f64>| mmd_squared_to_normal(z, width);
    let drawn = vae.draw_codes(x, &env)?.cast::<f64>();
    println!("squared discrepancy (MMD) of all codes from N(0, I)");
    println!("{:>8.4}  VAE", apart(&drawn));
    println!("{:>8.4}  AE fitted for itself", apart(&ae.encode(x, &env)?.to_f64()));
    Ok(())
}

/// The autoencoder whose code is the VAE's mu.
fn with_weights_of(vae: &vae::Vae, shape: &ae::Params) -> Result<ae::Ae> {
    let mut weights = Named::copy_of(vae);
    for part in ["weight", "bias"] {
        let mu = weights.get(&format!("mu.{part}"))?.clone();
        weights.insert(&format!("code.{part}"), mu);
    }
    shape.load_model(&weights)
}

/// -sum_j x ln p + (1 - x) ln(1 - p), averaged over the rows.
fn cross_entropy(x: &Features, p: &Matrix<f64>) -> Result<f64> {
    let x = x.to_dense();
    let terms = x.values().iter().zip(p.values()).map(|(x, p)| x * p.ln() + (1.0 - x) * (1.0 - p).ln());
    Ok(-terms.sum::<f64>() / x.n_rows() as f64)
}
