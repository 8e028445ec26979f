//! Genes met by name.

use std::collections::HashMap;

/// The genes that a signature and mixtures share, and those they do not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overlap {
    /// Places of the shared genes in the signature, in the order of their names.
    pub in_signature: Vec<usize>,
    /// The same in the mixtures.
    pub in_mixture: Vec<usize>,
    /// Genes of the signature that the mixtures do not have, in its order.
    pub missing: Vec<String>,
    /// Genes that the signature has more than once; the first counts.
    pub twice_in_signature: Vec<String>,
    /// Genes that the mixtures have more than once; the first counts.
    pub twice_in_mixture: Vec<String>,
}

/// Meets genes by name; the order of either list never matters.
pub fn match_genes(signature: &[String], mixture: &[String]) -> Overlap {
    let (of_mixture, twice_in_mixture) = places(mixture);
    let (of_signature, twice_in_signature) = places(signature);
    let mut shared: Vec<(&String, usize, usize)> =
        of_signature.iter().filter_map(|(name, &at)| Some((*name, at, *of_mixture.get(name)?))).collect();
    shared.sort_by_key(|(name, ..)| *name);
    let is_first = |(at, name): &(usize, &String)| of_signature[*name] == *at;
    let missing = signature.iter().enumerate().filter(is_first).map(|(_, name)| name);
    Overlap {
        in_signature: shared.iter().map(|(_, at, _)| *at).collect(),
        in_mixture: shared.iter().map(|(.., at)| *at).collect(),
        missing: missing.filter(|name| !of_mixture.contains_key(name)).cloned().collect(),
        twice_in_signature,
        twice_in_mixture,
    }
}

/// The first place of every name, and the names that come again.
fn places(names: &[String]) -> (HashMap<&String, usize>, Vec<String>) {
    let (mut places, mut twice) = (HashMap::new(), Vec::new());
    for (at, name) in names.iter().enumerate() {
        if places.contains_key(name) {
            twice.push(name.clone());
        } else {
            places.insert(name, at);
        }
    }
    twice.sort();
    twice.dedup();
    (places, twice)
}

impl Overlap {
    /// What the user should know of it, one sentence each.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let n_shared = self.in_signature.len();
        if !self.missing.is_empty() {
            let n_all = n_shared + self.missing.len();
            notes.push(format!(
                "{n_shared} of the signature's {n_all} genes are in the mixtures; missing: {}",
                some(&self.missing)
            ));
        }
        for (what, twice) in
            [("the signature", &self.twice_in_signature), ("the mixtures", &self.twice_in_mixture)]
        {
            if !twice.is_empty() {
                notes.push(format!(
                    "genes that {what} has more than once, of which the first counts: {}",
                    some(twice)
                ));
            }
        }
        notes
    }
}

/// The first names of a list, and how many there are beside.
fn some(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{shown} and {more} more"),
        _ => shown,
    }
}
