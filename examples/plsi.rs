//! Topics by pLSI, plain and tempered: `cargo run --release --example plsi`.
//!
//! Half of every document's words are hidden. With more topics than the words can tell, maximum likelihood learns
//! noise; a tempered fit, which hides a tenth of what it is given from itself, predicts the hidden half better.

use diabolo::Result;
use diabolo::data::{Simulator, Topics};
use diabolo::linalg::{Csr, Features};
use diabolo::models::topic::Mixed;
use diabolo::models::topic::Mixture;
use diabolo::models::topic::plsi::Params;
use diabolo::models::{Data, Model, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::random::Rng;
use diabolo::solve::poisson::sparse;

fn main() -> Result<()> {
    let corpus =
        Topics { n_docs: 200, doc_length: 60.0, ..Topics::default() }.simulate(&Budget::unlimited())?;
    let x = sparse(&corpus.dataset.features);
    let mut rng = Rng::seeded(1);
    let (mut seen, mut hidden) = (Vec::new(), Vec::new());
    for (d, w, count) in x.entries() {
        let taken = rng.binomial(count as u64, 0.5) as f64;
        seen.push((d as u32, w as u32, count - taken));
        hidden.push((d as u32, w as u32, taken));
    }
    let seen = Features::from(Csr::from_triplets(x.n_rows(), x.n_cols(), seen)?);
    let hidden = Csr::from_triplets(x.n_rows(), x.n_cols(), hidden)?;
    let env = Env::seeded(1);
    for held_out in [0.0, 0.1] {
        let params = Params { n_topics: 20, held_out, ..Params::default() };
        let (model, history) = fit(&params, &Data::rows(&seen), None, &env, &mut Silent)?;
        let topics = model.multinomial();
        let of = |x: &Csr<f64>| Mixture::perplexity(x, &topics.theta, &topics.beta).value;
        println!(
            "held out {held_out}: {} steps, temper {:.2}, perplexity {:.1} of the words seen, {:.1} of the hidden ones",
            history.n_iter(),
            model.temper(),
            of(&sparse(&seen)),
            of(&hidden)
        );
        model.warnings().iter().for_each(|warning| println!("  {warning}"));
    }
    Ok(())
}
