//! NICE of two moons: `cargo run --release --example nice`.

#[path = "shared/moons.rs"]
mod moons;

use diabolo::models::density::nice::Params;

fn main() -> diabolo::Result<()> {
    moons::tour(&Params::default())
}
