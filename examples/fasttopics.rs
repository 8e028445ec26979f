//! Topics of simulated documents: `cargo run --release --example fasttopics`.
//!
//! Fits Poisson factors, reads them as topics, judges these by coherence and beside the planted ones, and finds the
//! memberships of documents that the fit has not seen.

use diabolo::Result;
use diabolo::data::{Simulator, Topics};
use diabolo::metrics::topics::{Coherence, Occurrences, diversity, match_topics, mean_coherence, top_words};
use diabolo::models::topic::Mixed;
use diabolo::models::topic::fasttopics::Params;
use diabolo::models::{Data, Encode, Model, fit};
use diabolo::monitor::{Budget, Env, Silent};

fn main() -> Result<()> {
    let corpus =
        Topics { n_docs: 600, doc_length: 200.0, ..Topics::default() }.simulate(&Budget::unlimited())?;
    let (x, truth) = (&corpus.dataset.features, &corpus.truth);
    let seen = x.select_rows(&(0..500).collect::<Vec<usize>>());
    let unseen = x.select_rows(&(500..600).collect::<Vec<usize>>());

    let env = Env::seeded(1);
    let (model, history) = fit(&Params::default(), &Data::rows(&seen), None, &env, &mut Silent)?;
    println!("{} after {} iterations", history.stop.name(), history.n_iter());
    for (what, x) in [("seen", &seen), ("unseen", &unseen)] {
        let scores = model.score(&Data::rows(x), &env)?;
        let scores: Vec<String> = scores.iter().map(|(name, value)| format!("{name} {value:.3}")).collect();
        println!("{what:>8}: {}", scores.join(", "));
    }

    let topics = top_words(&model.multinomial().beta, 10);
    let occurrences = Occurrences::of(&seen, &topics);
    for measure in Coherence::ALL {
        println!("{:>8} {:.3}", measure.name(), mean_coherence(measure, &topics, &occurrences));
    }
    println!("diversity {:.3}", diversity(&topics));
    for (name, beta) in truth.iter().filter(|(name, _)| *name == "beta") {
        for pair in match_topics(beta, &model.multinomial().beta) {
            println!(
                "planted {name} {} is topic {}: {:.3}",
                pair.first + 1,
                pair.second + 1,
                pair.similarity
            );
        }
    }
    let codes = model.encode(&unseen, &env)?.to_f64();
    let size: f64 = codes.row(0).iter().sum();
    let memberships: Vec<String> = codes.row(0).iter().map(|z| format!("{:.2}", z / size)).collect();
    println!("the first unseen document: {}", memberships.join(" "));
    Ok(())
}
