//! The tables of a run of `diabolo starfysh`.

use crate::applications::starfysh::{Matched, Starfysh};
use crate::error::Result;
use crate::io::run::RunFolder;
use crate::io::write;
use crate::linalg::Matrix;
use crate::models::Names;
use std::fmt::Write;

/// What is written, and where.
pub struct Tables<'a> {
    /// What was found.
    pub found: &'a Starfysh,
    /// Names of spots.
    pub names: &'a Names,
    /// The run folder.
    pub folder: &'a RunFolder,
}

impl Tables<'_> {
    /// All tables.
    /// # Errors
    /// [`crate::Error::Io`].
    pub fn write(&self) -> Result<()> {
        let found = self.found;
        let archetypes = found.names();
        self.by_spot("mixtures.tsv", &found.mixtures, &archetypes)?;
        let axes: Vec<String> = (1..=found.prepared.scores.n_cols()).map(|j| format!("pc_{j}")).collect();
        self.by_spot("components.tsv", &found.prepared.scores, &axes)?;
        if let Some(generated) = &found.generated {
            self.by_spot("proportions.tsv", &generated.proportions, &generated.names)?;
        }
        self.folder.save_text("anchors.tsv", &self.anchors(&archetypes))?;
        self.folder.save_text("markers.tsv", &self.markers(&archetypes))?;
        self.folder.save_text("archetypes.tsv", &self.groups(&archetypes))?;
        self.folder.save_text("numbers.tsv", &self.numbers())?;
        if let Some(matched) = &found.matched {
            self.by_spot("scores.tsv", &matched.scores, &matched.types)?;
            self.overlaps(&archetypes, matched)?;
            self.folder.save_text("matches.tsv", &self.matches(&archetypes, matched))?;
            self.folder.save_text("novel.tsv", &self.novel(&archetypes, matched))?;
            self.folder.save_text("signatures.tsv", &self.signatures(matched))?;
        }
        Ok(())
    }

    fn by_spot(&self, name: &str, values: &Matrix<f64>, columns: &[String]) -> Result<()> {
        let spots = (0..values.n_rows()).map(|i| self.names.sample(i)).collect();
        let names = Names { samples: Some(spots), features: Some(columns.to_vec()), ..Names::default() };
        write::write_matrix(&self.folder.file(name), values, &names)
    }

    fn overlaps(&self, archetypes: &[String], matched: &Matched) -> Result<()> {
        let names = Names {
            samples: Some(matched.types.clone()),
            features: Some(archetypes.to_vec()),
            ..Names::default()
        };
        write::write_matrix(&self.folder.file("overlaps.tsv"), &matched.overlaps, &names)
    }

    /// Anchors of archetypes, and of types.
    fn anchors(&self, archetypes: &[String]) -> String {
        let mut text = String::from("of\trank\tspot\tvalue\n");
        let mut list = |of: &str, spots: &[usize], value: &dyn Fn(usize) -> f64| {
            for (rank, &i) in spots.iter().enumerate() {
                line(&mut text, &[of, &(rank + 1).to_string(), &self.names.sample(i), &value(i).to_string()]);
            }
        };
        for (j, name) in archetypes.iter().enumerate() {
            list(name, &self.found.anchors[j], &|i| self.found.mixtures[(i, j)]);
        }
        if let Some(matched) = &self.found.matched {
            for (t, name) in matched.types.iter().enumerate() {
                list(name, &matched.anchors[t], &|i| matched.scores[(i, t)]);
            }
        }
        text
    }

    fn markers(&self, archetypes: &[String]) -> String {
        let mut text = String::from(
            "archetype\trank\tgene\tz\tp_value\tadjusted_p_value\tlog2_fold_change\tauc\tdetected\n",
        );
        for (name, community) in archetypes.iter().zip(&self.found.communities) {
            for (rank, marker) in community.markers.iter().enumerate() {
                let numbers = [
                    marker.test.z,
                    marker.test.p_value,
                    marker.adjusted,
                    marker.log_fold_change,
                    marker.test.auc,
                    marker.detected,
                ]
                .map(|number| number.to_string());
                let [z, p, q, change, auc, detected] = &numbers;
                let gene = &self.found.prepared.names[marker.gene];
                line(&mut text, &[name, &(rank + 1).to_string(), gene, z, p, q, change, auc, detected]);
            }
        }
        text
    }

    /// Which major archetype each archetype became.
    fn groups(&self, archetypes: &[String]) -> String {
        let mut text = String::from("before_merging\tarchetype\tstands_for_it\n");
        let granularity = &self.found.granularity;
        for (j, &group) in granularity.group.iter().enumerate() {
            let stands = granularity.major[group] == j;
            line(&mut text, &[&(j + 1).to_string(), &archetypes[group], &stands.to_string()]);
        }
        text
    }

    fn numbers(&self) -> String {
        let mut text = String::from("n_archetypes\tobjective\texplained_variance\ttaken\n");
        for (at, (k, objective, explained)) in self.found.chosen.tried.iter().enumerate() {
            let taken = at == self.found.chosen.taken;
            line(
                &mut text,
                &[&k.to_string(), &objective.to_string(), &explained.to_string(), &taken.to_string()],
            );
        }
        text
    }

    fn matches(&self, archetypes: &[String], matched: &Matched) -> String {
        let mut text = String::from("type\tarchetype\tspots_in_common\n");
        for (t, name) in matched.types.iter().enumerate() {
            let (archetype, common) = match matched.archetype[t] {
                Some(j) => (archetypes[j].as_str(), matched.overlaps[(t, j)]),
                None => ("", 0.0),
            };
            line(&mut text, &[name, archetype, &common.to_string()]);
        }
        text
    }

    fn novel(&self, archetypes: &[String], matched: &Matched) -> String {
        let mut text = String::from("archetype\tdistance\tnearest_type\n");
        for novel in &matched.novel {
            let nearest = &matched.types[novel.nearest];
            line(&mut text, &[&archetypes[novel.archetype], &novel.distance.to_string(), nearest]);
        }
        text
    }

    fn signatures(&self, matched: &Matched) -> String {
        let mut text = String::from("type\tgene\tappended\n");
        for (t, name) in matched.types.iter().enumerate() {
            let given = matched.genes[t].len() - matched.n_appended[t];
            for (at, &gene) in matched.genes[t].iter().enumerate() {
                line(&mut text, &[name, &self.found.prepared.names[gene], &(at >= given).to_string()]);
            }
        }
        text
    }
}

/// A line of cells. Tabs and line breaks within a cell, which would break the table, become blanks.
fn line(text: &mut String, cells: &[&str]) {
    for (at, cell) in cells.iter().enumerate() {
        let cell = cell.replace(['\t', '\n', '\r'], " ");
        let _ = write!(text, "{}{cell}", if at == 0 { "" } else { "\t" }); // a String takes all that is written
    }
    text.push('\n');
}
