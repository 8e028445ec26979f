//! The smoothest coordinates on a graph: `cargo run --release --example eigenmaps`.

use diabolo::Result;
use diabolo::data::karate;
use diabolo::models::fit;
use diabolo::models::graph::{Attach, eigenmaps::Params};
use diabolo::monitor::{Env, Silent};

fn main() -> Result<()> {
    let (club, env) = (karate(), Env::seeded(1));
    let params = Params { n_components: 2, validation: 0.0, test: 0.0, ..Params::default() };
    let (model, _) = fit(&params, &club.data(), None, &env, &mut Silent)?;
    if let Attach::Eigenvectors { values } = &model.attach {
        println!("lambda: {:.4?}", values.iter().map(|value| 1.0 - value).collect::<Vec<_>>());
    }
    // The sign of the first coordinate is the club that almost every member went to.
    let Some(labels) = &club.labels else { return Ok(()) };
    let side = |i: usize| u32::from(model.codes.0[(i, 0)] > 0.0);
    let same = (0..model.n_nodes()).filter(|&i| side(i) == labels.class[i]).count();
    println!("{} of {} members on the side of their club", same.max(34 - same), model.n_nodes());
    for i in [0, 33, 8] {
        println!("{}: {:.3?}", club.names.sample(i), model.codes.0.row(i));
    }
    Ok(())
}
