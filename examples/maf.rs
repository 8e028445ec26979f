//! A masked autoregressive flow of two moons: `cargo run --release --example maf`.

#[path = "shared/moons.rs"]
mod moons;

use diabolo::models::density::maf::Params;

fn main() -> diabolo::Result<()> {
    moons::tour(&Params::default())
}
