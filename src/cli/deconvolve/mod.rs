//! `diabolo deconvolve --signature S --mixture Y --out RUN`: what share each type of cell has in mixtures.

mod inputs;
mod results;

use super::options::{Machine, Reading, add_flags, with_flags};
use super::output;
use crate::applications::deconvolution::{
    Absolute, Deconvolver, Estimates, Log2, Method, Pool, Settings, adjusted_tests, judge,
};
use crate::error::{Error, Result};
use crate::io::row_sink::{self, RowSink};
use crate::io::run::RunFolder;
use crate::models::Names;
use crate::monitor::Env;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use diabolo_kernels::parallel;
use inputs::{Mixtures, Signatures};
use results::{Results, columns};
use std::path::PathBuf;

/// The command.
pub fn command() -> Command {
    let file = |name: &'static str, value: &'static str| {
        Arg::new(name).long(name).value_name(value).value_parser(value_parser!(PathBuf))
    };
    let signature = file("signature", "FILE|RUN").required(true).help(
        "Profiles of types of cells: a table with names of genes along one side, or a run of `fit deconvolution`",
    );
    let mixture = Arg::new("mixture").long("mixture").value_name("DATA").required(true);
    let mixture = mixture.help("Samples x genes, named; --transpose reads genes x samples");
    let out =
        file("out", "RUN").required(true).help("The folder for fractions.tsv, metrics.json and report.html");
    let truth = file("truth", "FILE").help("Known fractions, samples x types by name, to compare with");
    let variances = file("variances", "FILE")
        .help("Variances within types, a table as the signature: for --method weighted");
    let contents =
        file("mrna", "FILE").help("A table of types and what the RNA of one cell of each counts for");
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    let test = flag("test-genes")
        .help("Test every gene between the classes of --labels, before and after adjusting for fractions");
    let stream = flag("stream").help("Go through the mixtures block by block and never hold them");
    let about = "Find what share each type of cell has in mixtures: NNLS, simplex, weighted, CIBERSORT";
    let command =
        Command::new("deconvolve").about(about).args([signature, mixture, out, truth, variances, contents]);
    let command = add_flags::<Machine>(add_flags::<Settings>(command.args([test, stream])));
    add_flags::<Reading>(command)
}

/// Deconvolves.
/// # Errors
/// What the options, the files and the mixtures raise.
pub fn run(matches: &ArgMatches) -> Result<()> {
    let none = toml::Table::new();
    let machine: Machine = with_flags(&none, matches)?;
    let (settings, reading): (Settings, Reading) = (with_flags(&none, matches)?, with_flags(&none, matches)?);
    settings.check()?;
    let env = machine.env()?;
    let path = |name: &str| matches.get_one::<PathBuf>(name);
    let mixture = matches.get_one::<String>("mixture").expect("a required argument");
    let tests_genes = matches.get_flag("test-genes");
    if tests_genes && reading.labels.is_none() {
        return Err(Error::parameter(
            "test_genes",
            "there are no groups to test between; give --labels FILE",
        ));
    }
    let stream = matches.get_flag("stream");
    if stream && tests_genes {
        return Err(Error::parameter("test_genes", "genes are tested in memory; leave --stream out"));
    }
    let mixtures = Mixtures::open(mixture, &reading.options(), stream, &env)?;
    let genes = mixtures.genes()?;
    let signatures =
        Signatures { signature: path("signature"), variances: path("variances"), contents: path("mrna") };
    let (signature, contents) = signatures.read(genes, &env)?;
    let folder = RunFolder::create(path("out").expect("a required argument"))?;

    let began = std::time::Instant::now();
    let mut results = parallel::with_threads(machine.threads, || -> Result<Results> {
        let pool = pool(&mixtures, &settings, genes.len(), &env)?;
        let deconvolver = Deconvolver::new(&signature, genes, &settings, contents, &pool, &env)?;
        let mut results = Results::new(&deconvolver, &signature.types, &settings, &pool)?;
        drop(pool);
        let holds_all = path("truth").is_some() || tests_genes;
        transfer(&mixtures, &deconvolver, &mut results, holds_all, &folder, &env)?;
        Ok(results)
    })?;
    results.seconds = began.elapsed().as_secs_f64();
    if let Some(path) = path("truth") {
        let (truth, types) = inputs::truth(path, &results.samples, &signature.types, &env)?;
        results.compare(judge(&results.of_types(&types), &truth), truth, &types, &signature.types);
    }
    if let (true, Mixtures::Whole(set)) = (tests_genes, &mixtures) {
        let labels = set.labels.as_ref().ok_or_else(|| Error::parameter("labels", "there are none"))?;
        let fractions = results.fractions();
        let tests = parallel::with_threads(machine.threads, || {
            adjusted_tests(&set.features, labels, &fractions, &env)
        })?;
        results.add_tests(&tests, genes, &folder)?;
    }
    let labels = match &mixtures {
        Mixtures::Whole(set) => set.labels.as_ref(),
        Mixtures::File(_) => None,
    };
    let metrics = results.write(&folder, mixture, &settings, machine.seed, labels)?;
    if !machine.quiet {
        results.notes.iter().for_each(|note| eprintln!("diabolo: warning: {note}"));
    }
    match (machine.json, machine.quiet) {
        (true, _) => output::print_json(&metrics),
        (_, true) => Ok(()),
        _ => results.say(&folder),
    }
}

/// What medians, quantiles and the null distribution are told by; empty where nothing is asked for that needs it.
fn pool(mixtures: &Mixtures, settings: &Settings, n_genes: usize, env: &Env) -> Result<Pool> {
    let mut pool = Pool::new(n_genes);
    let guesses = settings.method == Method::Cibersort && settings.log2 == Log2::Auto;
    let is_needed = settings.permutations > 0
        || settings.quantile_normalise
        || settings.absolute == Absolute::SigScore
        || guesses;
    if is_needed {
        mixtures.each_block(|_, block| {
            crate::models::check_finite(&block.features, pool.n_seen())?;
            pool.add(&block.features, env)
        })?;
    }
    Ok(pool)
}

/// Writes fractions.tsv block by block, and keeps of it what is shown or asked for.
fn transfer(
    mixtures: &Mixtures,
    deconvolver: &Deconvolver,
    results: &mut Results,
    holds_all: bool,
    folder: &RunFolder,
    env: &Env,
) -> Result<()> {
    row_sink::write(&folder.file("fractions.tsv"), &env.budget, |sink: &mut dyn RowSink| {
        mixtures.each_block(|first, block| {
            let n_cells = (block.features.n_samples() * block.features.n_features()) as u64;
            env.budget.charge_array(n_cells, 16, "the mixtures of a block")?;
            let estimates: Estimates = deconvolver.estimate(&block.features, first)?;
            env.budget.release(16 * n_cells);
            let names = Names { samples: block.names.samples.clone(), ..Names::default() };
            let samples: Vec<String> = match &names.samples {
                Some(samples) => samples.clone(),
                None => (0..block.features.n_samples()).map(|i| names.sample(first + i)).collect(),
            };
            let table = columns(&estimates);
            let header = Names {
                samples: Some(samples.clone()),
                features: Some(results.header()),
                ..Names::default()
            };
            sink.push(&table, &header)?;
            results.keep(&estimates, samples, holds_all, env)
        })
    })
}
