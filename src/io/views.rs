//! Further views of the samples: columns of other files, beside those of the data, samples met by name.

use super::input::Input;
use super::read::{ReadOptions, read};
use crate::error::Result;
use crate::linalg::{Features, Matrix};
use crate::models::{Dataset, Names};
use crate::monitor::Budget;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Puts the columns of other views beside those of a data set, and says how many columns each view has, the data's own
/// first. Where both have names of samples these say which rows belong together, in whatever order; a sample that a view
/// lacks has NaN there, and one that only a further view has comes after those before it. Without names, rows belong
/// together in their order. Features keep their names, or are called after their file.
/// # Errors
/// [`crate::Error::Parse`] where rows do not belong together, or a name comes twice; what reading raises.
pub fn join(mut set: Dataset, paths: &[PathBuf], budget: &Budget) -> Result<(Dataset, Vec<usize>)> {
    if paths.is_empty() {
        return Ok((set, Vec::new()));
    }
    let mut widths = vec![set.features.n_features()];
    for path in paths {
        let view = read(path, &ReadOptions::default(), budget)?;
        widths.push(view.features.n_features());
        set = beside(set, view, path, budget)?;
    }
    Ok((set, widths))
}

fn beside(set: Dataset, view: Dataset, path: &Path, budget: &Budget) -> Result<Dataset> {
    let (n, own, width) = (set.features.n_samples(), set.features.n_features(), view.features.n_features());
    let refuse = |why: String| -> Result<Dataset> { Err(Input::open(path, budget)?.fail(why)) };
    let mut places: Vec<usize> = (0..view.features.n_samples()).collect();
    let mut samples = set.names.samples.clone();
    if let (Some(samples), Some(others)) = (&mut samples, &view.names.samples) {
        let mut known: HashMap<String, usize> = samples.iter().cloned().zip(0..n).collect();
        let mut taken = vec![false; n + others.len()];
        for (place, name) in places.iter_mut().zip(others) {
            *place = match known.get(name) {
                Some(&i) => i,
                None => {
                    samples.push(name.clone());
                    known.insert(name.clone(), samples.len() - 1);
                    samples.len() - 1
                }
            };
            if std::mem::replace(&mut taken[*place], true) {
                return refuse(format!("the sample `{name}` comes twice; give it one row"));
            }
        }
        if samples.len() > n && (set.labels.is_some() || set.batches.is_some()) {
            let name = samples[n].clone();
            return refuse(format!(
                "the sample `{name}` is not in the data, so that its class is not known; put the file with all samples first"
            ));
        }
    } else if view.features.n_samples() != n {
        let n_view = view.features.n_samples();
        return refuse(format!(
            "it has {n_view} rows for {n} samples; give one each, or names of samples in both files"
        ));
    }
    let n_all = samples.as_ref().map_or(n, Vec::len);
    budget.charge_array(n_all as u64, 8 * (own + width) as u64, "the views side by side")?;
    let mut all = Matrix::filled(n_all, own + width, f64::NAN);
    for i in 0..n {
        set.features.row_into(i, &mut all.row_mut(i)[..own]);
    }
    for (at, &i) in places.iter().enumerate() {
        view.features.row_into(at, &mut all.row_mut(i)[own..]);
    }
    let stem = path.file_stem().map_or_else(|| "view".into(), |stem| stem.to_string_lossy().into_owned());
    let named = |names: &Names, n: usize, kind: &str| match &names.features {
        Some(features) => features.clone(),
        None => (1..=n).map(|j| format!("{kind}_{j}")).collect(),
    };
    let mut features = named(&set.names, own, "feature");
    features.extend(named(&view.names, width, &stem));
    let names = Names { samples, features: Some(features), ..Names::default() };
    Ok(Dataset { features: Features::F64(all), names, ..set })
}
