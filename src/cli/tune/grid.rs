//! The candidates: every combination of the values given, or some drawn at random.

use crate::cli::room::Room;
use crate::error::{Error, Result};
use crate::random::Rng;
use clap::ArgMatches;
use clap::parser::ValueSource;
use serde_json::Value;
use toml::Table;

/// The most candidates of one search.
const MOST_CANDIDATES: usize = 10_000;

/// Stream of random candidates.
const CANDIDATES: u64 = 0xca9d;

/// Draws for each candidate that is wanted, before fewer different ones are found enough.
const ATTEMPTS: usize = 50;

/// A parameter and what is tried of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The parameter.
    pub key: String,
    values: Values,
}

#[derive(Clone, Debug, PartialEq)]
enum Values {
    List(Vec<toml::Value>),
    Range { low: f64, high: f64, is_whole: bool },
}

/// A candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// What is tried, by key.
    pub tried: Table,
    /// All parameters, checked.
    pub params: Value,
}

impl Candidate {
    /// A candidate with the other parameters as configured.
    /// # Errors
    /// [`Error::Parameter`] where they make no sense.
    pub fn new(tried: Table, config: &Table, room: &Room, matches: &ArgMatches) -> Result<Candidate> {
        let mut table = config.clone();
        let defaults = (room.defaults)();
        // One value at a time, also of parameters that are lists.
        let given = |(key, value): (&String, &toml::Value)| {
            let is_list = defaults.get(key).is_some_and(Value::is_array);
            let value = if is_list { toml::Value::Array(vec![value.clone()]) } else { value.clone() };
            (key.clone(), value)
        };
        table.extend(tried.iter().map(given));
        let params = (room.params)(&table, Some(matches)).map_err(|error| match error {
            Error::Parameter { name, why } => {
                Error::Parameter { name, why: why.replace("--config", "--over") }
            }
            other => other,
        })?;
        Ok(Candidate { tried, params })
    }
}

/// What the words `KEY=VALUES` ask for.
/// # Errors
/// [`Error::Parameter`] for a key the model does not have or that is fixed by a flag, for no values.
pub fn axes(words: &[String], room: &Room, matches: &ArgMatches) -> Result<Vec<Axis>> {
    let refuse = |why: String| Error::parameter("over", why);
    if words.is_empty() {
        return Err(refuse("say what to try: --over n_components=5,10,20".into()));
    }
    let defaults = (room.defaults)();
    let known = defaults.as_object().cloned().unwrap_or_default();
    let mut axes: Vec<Axis> = Vec::new();
    for word in words {
        let (key, values) = word
            .split_once('=')
            .ok_or_else(|| refuse(format!("`{word}` is not KEY=VALUES; write n_components=5,10,20")))?;
        let key = key.trim().replace('-', "_");
        if !known.contains_key(&key) {
            let names: Vec<&str> = known.keys().map(String::as_str).collect();
            return Err(refuse(format!("{} has no `{key}`; it has {}", room.name, names.join(", "))));
        }
        if axes.iter().any(|axis| axis.key == key) {
            return Err(refuse(format!("`{key}` is given twice; write its values once, with commas")));
        }
        if matches.value_source(&key) == Some(ValueSource::CommandLine) {
            return Err(refuse(format!("`{key}` is given by a flag too; leave one of them out")));
        }
        axes.push(Axis { values: values_of(&key, values)?, key });
    }
    Ok(axes)
}

/// `5,10,20` or `0.001..1`.
fn values_of(key: &str, text: &str) -> Result<Values> {
    let refuse = |why: String| Err(Error::parameter("over", format!("{key}={text}: {why}")));
    if let Some((low, high)) = text.split_once("..") {
        let is_whole = low.trim().parse::<i64>().is_ok() && high.trim().parse::<i64>().is_ok();
        let bounds = (low.trim().parse::<f64>(), high.trim().parse::<f64>());
        let (Ok(low), Ok(high)) = bounds else {
            return refuse("a range is two numbers, as in 0.001..1".into());
        };
        if !(low.is_finite() && high.is_finite() && low < high) {
            return refuse("a range goes from a smaller number to a larger one".into());
        }
        return Ok(Values::Range { low, high, is_whole });
    }
    let mut list = Vec::new();
    for word in text.split(',').map(str::trim) {
        if word.is_empty() {
            return refuse("a value is missing; write them with commas between".into());
        }
        let value = value_of(word);
        if list.contains(&value) {
            return refuse(format!("{word} is there twice"));
        }
        list.push(value);
    }
    Ok(Values::List(list))
}

/// A whole number, a number, true or false, else a word.
fn value_of(word: &str) -> toml::Value {
    if let Ok(whole) = word.parse::<i64>() {
        return whole.into();
    }
    match (word.parse::<f64>(), word.parse::<bool>()) {
        (Ok(number), _) if number.is_finite() => number.into(),
        (_, Ok(truth)) => truth.into(),
        _ => word.into(),
    }
}

/// The values of every candidate, by key: all combinations, the last key changing fastest, or `random` of them.
/// # Errors
/// [`Error::Parameter`] for a range without `random`, for too many combinations or none.
pub fn tables(axes: &[Axis], random: Option<usize>, seed: u64) -> Result<Vec<Table>> {
    match random {
        Some(0) => Err(Error::parameter("random", "0 candidates try nothing; give 1 or more")),
        Some(n) if n > MOST_CANDIDATES => {
            Err(Error::parameter("random", format!("{n} candidates; give at most {MOST_CANDIDATES}")))
        }
        Some(n) => Ok(drawn(axes, n, seed)),
        None => combinations(axes),
    }
}

fn combinations(axes: &[Axis]) -> Result<Vec<Table>> {
    let mut tables = vec![Table::new()];
    for Axis { key, values } in axes {
        let Values::List(list) = values else {
            let why = format!("{key} is a range; list values, or draw some of it with --random N");
            return Err(Error::parameter("over", why));
        };
        if tables.len().saturating_mul(list.len()) > MOST_CANDIDATES {
            let why = format!("more than {MOST_CANDIDATES} combinations; give fewer values, or --random N");
            return Err(Error::parameter("over", why));
        }
        let with = |table: &Table, value: &toml::Value| {
            let mut table = table.clone();
            table.insert(key.clone(), value.clone());
            table
        };
        tables = tables.iter().flat_map(|table| list.iter().map(move |value| with(table, value))).collect();
    }
    Ok(tables)
}

/// At most `n` different candidates; fewer where there are no more.
fn drawn(axes: &[Axis], n: usize, seed: u64) -> Vec<Table> {
    let mut rng = Rng::keyed(seed, &[CANDIDATES]);
    let mut tables: Vec<Table> = Vec::new();
    for _ in 0..ATTEMPTS * n {
        if tables.len() == n {
            break;
        }
        let pairs = axes.iter().map(|axis| (axis.key.clone(), axis.values.draw(&mut rng)));
        let table: Table = pairs.collect();
        if !tables.contains(&table) {
            tables.push(table);
        }
    }
    tables
}

impl Values {
    fn draw(&self, rng: &mut Rng) -> toml::Value {
        match *self {
            Values::List(ref list) => list[rng.below(list.len())].clone(),
            Values::Range { low, high, is_whole } => {
                let u = rng.uniform();
                let x = if low > 0.0 { low * (high / low).powf(u) } else { low + (high - low) * u };
                match is_whole {
                    true => (x.round() as i64).into(),
                    // Three digits are as many as the error can tell, and read well in a command.
                    false => format!("{x:.2e}").parse::<f64>().unwrap_or(x).clamp(low, high).into(),
                }
            }
        }
    }
}
