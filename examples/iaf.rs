//! An inverse autoregressive flow of two moons: `cargo run --release --example iaf`.

#[path = "shared/moons.rs"]
mod moons;

use diabolo::models::density::iaf::Params;

fn main() -> diabolo::Result<()> {
    moons::tour(&Params::default())
}
