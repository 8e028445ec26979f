//! RealNVP of two moons: `cargo run --release --example realnvp`.

#[path = "shared/moons.rs"]
mod moons;

use diabolo::models::density::realnvp::Params;

fn main() -> diabolo::Result<()> {
    moons::tour(&Params::default())
}
