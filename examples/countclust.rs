//! How many clusters, and what drives them: `cargo run --release --example countclust`.

use diabolo::Result;
use diabolo::data::{Simulator, Topics};
use diabolo::metrics::topics::driving_words;
use diabolo::models::topic::Mixed;
use diabolo::models::topic::countclust::Params;
use diabolo::models::{Data, fit};
use diabolo::monitor::{Budget, Env, Silent};

fn main() -> Result<()> {
    let simulated = Topics { n_docs: 300, n_words: 120, n_topics: 5, doc_length: 300.0, ..Topics::default() };
    let corpus = simulated.simulate(&Budget::unlimited())?;
    let params = Params { n_topics: vec![2, 3, 4, 5, 6, 7, 8], ..Params::default() };
    let env = Env::seeded(1);
    let (model, history) = fit(&params, &Data::rows(&corpus.dataset.features), None, &env, &mut Silent)?;
    println!("{} after {} iterations", history.stop.name(), history.n_iter());
    let first = model.tried()[0].log_evidence;
    for tried in model.tried() {
        println!("{} topics: log Bayes factor {:.1}", tried.n_topics, tried.log_evidence - first);
    }
    println!("kept: {} topics, {} were planted", model.multinomial().beta.n_rows(), simulated.n_topics);
    for (k, words) in driving_words(&model.multinomial().beta, 6).iter().enumerate() {
        let words: Vec<String> = words.iter().map(|(w, _)| format!("word {w}")).collect();
        println!("topic {}: {}", k + 1, words.join(", "));
    }
    Ok(())
}
