//! Which factors of a picture a code separates, with beta = 1 and above: `cargo run --release --example disentangle`.
//!
//! Pictures of one shape each (the simulator `sprites`: shape, size, angle, row, column), a VAE for each beta, and what its
//! codes tell of the factors: the mutual information gap (Chen et al. 2018) and the score of Higgins et al. 2017.
//! Arguments: [N_SAMPLES [EPOCHS [SIDE [BETA ...]]]].

use diabolo::data::simulated_by_name;
use diabolo::metrics::disentangle::{BetaVaeScore, mutual_information_gap};
use diabolo::models::autoencoder::vae::Params;
use diabolo::models::network::Decay;
use diabolo::models::{Encode, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::{Error, Result};

fn main() -> Result<()> {
    let numbers: Result<Vec<f64>> = std::env::args()
        .skip(1)
        .map(|text| text.parse().map_err(|_| Error::parameter("disentangle", format!("{text} is no number"))))
        .collect();
    let numbers = numbers?;
    let n_samples = numbers.first().map_or(20_000, |&n| n as usize);
    let epochs = numbers.get(1).map_or(40, |&n| n as u64);
    let side = numbers.get(2).map_or(32, |&n| n as usize);
    let betas = if numbers.len() > 3 { &numbers[3..] } else { &[1.0, 4.0] };
    let name = format!("sprites:n_samples={n_samples},side={side},n_rotations=8,n_positions=16,n_scales=4");
    let made = simulated_by_name(&name, &Budget::unlimited()).expect("the simulator is there")?;
    let levels = &made.truth.iter().find(|(name, _)| *name == "levels").expect("levels are told").1;
    let factors: Vec<Vec<u32>> =
        (0..levels.n_cols()).map(|k| levels.col(k).iter().map(|&level| level as u32).collect()).collect();
    for &beta in betas {
        let env = Env::seeded(1);
        let params = Params {
            n_latent: 10,
            hidden: vec![400, 200],
            beta,
            epochs,
            decay: Decay::Cosine,
            ..Params::default()
        };
        let (vae, _) = fit(&params, &made.dataset.data(), None, &env, &mut Silent)?;
        let codes = vae.encode(&made.dataset.features, &env)?.to_f64();
        let found = vae.evaluate(&made.dataset.features, &env)?;
        println!(
            "beta {beta:>4}: MIG {:.3}, beta-VAE score {:.3}, KL {:.2}, reconstruction {:.2}",
            mutual_information_gap(&codes, &factors),
            BetaVaeScore::default().of(&codes, &factors),
            found.kl(),
            found.reconstruction
        );
    }
    Ok(())
}
