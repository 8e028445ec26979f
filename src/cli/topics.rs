//! `diabolo topics RUN`: the words of each topic by relevance; with DATA how coherent they are; the file that
//! pyLDAvis draws.

use super::options::{Reading, add_flags};
use super::output;
use super::run::{self, Run};
use crate::error::{Error, Result};
use crate::io::atomic;
use crate::metrics::topics::{
    Coherence, Occurrences, coherence, diversity, mean_coherence, top_words, top_words_by_relevance,
};
use crate::models::topic::Mixture;
use crate::report;
use clap::{Arg, ArgMatches, Command, value_parser};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Words of each topic whose coherence and diversity are told: what the literature takes.
const COHERENT: usize = 10;
const DIVERSE: usize = 25;

/// The command.
pub fn command() -> Command {
    let data = Arg::new("data").value_name("DATA");
    let data = data.help("Documents whose co-occurrences judge the topics, by rule the training data");
    let lambda = Arg::new("lambda").long("lambda").value_name("L").default_value("0.6");
    let lambda = lambda.value_parser(value_parser!(f64)).help("Weight of probability beside lift, 0 to 1");
    let top = Arg::new("top").long("top").value_name("N").default_value("10");
    let top = top.value_parser(value_parser!(usize)).help("Words listed for each topic");
    let file = Arg::new("ldavis").long("ldavis").value_name("FILE").value_parser(value_parser!(PathBuf));
    let file = file.help("Where to write the JSON that pyLDAvis and LDAvis.js draw");
    let command =
        run::command("topics", "The words of each topic, how coherent they are, the file of pyLDAvis");
    add_flags::<Reading>(command.arg(data).args([lambda, top, file]))
}

/// Tells.
/// # Errors
/// A model without topics; what reading, the model and writing raise.
pub fn run(matches: &ArgMatches) -> Result<()> {
    let lambda = *matches.get_one::<f64>("lambda").expect("a default");
    if !(0.0..=1.0).contains(&lambda) {
        return Err(Error::parameter("lambda", format!("{lambda} is no share; give a number from 0 to 1")));
    }
    let run = Run::open(matches)?;
    let names = run.feature_names();
    let mixture =
        run.model.topics().ok_or_else(|| run.cannot("topics", "has no topics; use a topic model"))?;
    if let Some(path) = matches.get_one::<PathBuf>("ldavis") {
        let text = serde_json::to_string(&mixture.ldavis(&names)?).unwrap_or_default();
        atomic::write(path, |out| out.write_all(text.as_bytes()).map_err(|e| Error::io(path, e)))?;
    }
    let judged = match matches.contains_id("data") {
        true => Some(judge(&mixture, &run, matches)?),
        false => None,
    };
    let top = *matches.get_one::<usize>("top").expect("a default");
    let words = top_words_by_relevance(mixture.beta, &mixture.marginal(), lambda, top);
    let shares = mixture.shares();
    let named = |k: usize| words[k].iter().map(|&w| names.feature(w)).collect::<Vec<String>>();
    if run.machine.json {
        let topic = |k: usize| {
            let mut topic = json!({"topic": k + 1, "share": shares[k], "words": named(k)});
            if let Some(judged) = &judged {
                topic["c_npmi"] = json!(judged.npmi[k]);
            }
            topic
        };
        let topics: Vec<Value> = (0..words.len()).map(topic).collect();
        let figures = judged.map_or(json!({}), |judged| judged.figures.into_iter().collect());
        return output::print_json(&json!({"lambda": lambda, "topics": topics, "metrics": figures}));
    }
    let header = ["topic", "share", "c_npmi", "words"].map(str::to_owned);
    let row = |k: usize| {
        let npmi = judged.as_ref().map_or(String::new(), |judged| format!("{:.3}", judged.npmi[k]));
        vec![(k + 1).to_string(), format!("{:.4}", shares[k]), npmi, named(k).join(" ")]
    };
    let rows: Vec<Vec<String>> = (0..words.len()).map(row).collect();
    let kept = |row: &[String]| {
        row.iter().enumerate().filter(|(j, _)| *j != 2 || judged.is_some()).map(|(_, x)| x.clone()).collect()
    };
    let rows: Vec<Vec<String>> = rows.iter().map(|row| kept(row)).collect();
    let header: Vec<String> = kept(&header);
    output::print_table(&header, &rows)?;
    let Some(judged) = judged else { return Ok(()) };
    output::print("\n")?;
    let rows: Vec<Vec<String>> = judged
        .figures
        .iter()
        .map(|(name, value)| {
            vec![name.clone(), report::number(value.as_f64().unwrap_or(f64::NAN)), meaning(name).into()]
        })
        .collect();
    output::print_table(&["metric".to_owned(), "value".to_owned(), "definition".to_owned()], &rows)
}

/// What topics are worth by the documents of the data.
struct Judged {
    /// Of every topic.
    npmi: Vec<f64>,
    /// Means over topics, by name.
    figures: Vec<(String, Value)>,
}

fn judge(mixture: &Mixture, run: &Run, matches: &ArgMatches) -> Result<Judged> {
    let set = run.data(matches)?;
    crate::models::check_width(&set.features, mixture.beta.n_cols())?;
    let topics = top_words(mixture.beta, COHERENT);
    let n_words = topics.iter().map(Vec::len).sum();
    let bytes = Occurrences::bytes(set.features.n_samples(), n_words);
    run.env.budget.charge(bytes, "the documents of the top words")?;
    let occurrences = Occurrences::of(&set.features, &topics);
    let means = Coherence::ALL
        .map(|measure| (measure.name().to_owned(), json!(mean_coherence(measure, &topics, &occurrences))));
    let mut figures = means.to_vec();
    figures.push(("diversity".to_owned(), json!(diversity(&top_words(mixture.beta, DIVERSE)))));
    Ok(Judged { npmi: coherence(Coherence::CNpmi, &topics, &occurrences), figures })
}

/// How a figure is defined, in a line.
fn meaning(name: &str) -> &'static str {
    match name {
        "u_mass" => {
            "mean ln((D(v,w)+1)/D(w)) over pairs of the top 10, w ranked higher; documents as windows"
        }
        "c_uci" => "mean PMI, ln((p(v,w)+1e-12)/(p(v)p(w))); documents as windows",
        "c_npmi" => "mean normalised PMI, no smoothing; never together -1, in all documents 1",
        "c_v" => "mean cosine of a word's NPMI vector with the topic's; documents as windows",
        _ => "share of different words among the top 25 of all topics",
    }
}
