//! What the steps have to show.

use super::{Starfysh, largest};
use crate::figure::{Axis, Colours, Figure, Plot, Series};
use crate::linalg::Matrix;
use crate::models::factorization::archetype::mixtures_map;
use crate::models::{Labels, Names};

/// Spots named as anchors, and genes as markers, in tables.
const NAMED: usize = 6;

/// Where spots are, what they are called, and the class of those whose class is known.
pub struct Told<'a> {
    /// n_spots x 2.
    pub places: &'a Matrix<f64>,
    /// Names of spots.
    pub names: &'a Names,
    /// The class of every spot, where it has one, an index into `classes`.
    pub class: Option<&'a [Option<u32>]>,
    /// Names of classes.
    pub classes: &'a [String],
}

impl Starfysh {
    /// All figures.
    pub fn figures(&self, told: &Told) -> Vec<Figure> {
        let names = self.names();
        let mut figures = vec![self.map_of_groups(told)];
        figures.extend(self.classes_map(told));
        if let Some(generated) = &self.generated {
            let caption = "The share of each factor in every spot, by the generative stage.";
            figures.push(shares_map("Proportions", caption, told, &generated.names, &generated.proportions));
        }
        let caption = "The share of each major archetype in every spot: spots as mixtures of extremes.";
        figures.push(shares_map("Archetypes in the tissue", caption, told, &names, &self.mixtures));
        figures.extend(self.simplex(told, &names));
        figures.extend(self.explained());
        figures.push(self.anchors_table(told, &names));
        figures.push(self.markers_table(&names));
        figures.push(self.distances());
        figures.extend(self.matches(&names));
        figures.extend(self.novel(&names));
        if let Some(generated) = self.generated.as_ref().filter(|generated| generated.loss.len() > 1) {
            figures.push(Figure::new(
                "Loss of the generative stage",
                "After every epoch, a mean over spots, of the fit that is kept.",
                Plot::Lines {
                    x: Axis::linear("epoch"),
                    y: Axis::linear("loss"),
                    series: vec![Series::counted("", generated.loss.clone())],
                },
            ));
        }
        figures
    }

    /// Spots by their largest part, and by their known class where there is one.
    fn map_of_groups(&self, told: &Told) -> Figure {
        let numbered = |groups: Vec<u32>| groups.into_iter().map(f64::from).collect::<Vec<f64>>();
        let maps = match &self.generated {
            Some(generated) => {
                vec![("largest proportion".to_owned(), numbered(largest(&generated.proportions)))]
            }
            None => vec![("largest archetype".to_owned(), numbered(largest(&self.mixtures)))],
        };
        let groups =
            self.generated.as_ref().map_or_else(|| self.names(), |generated| generated.names.clone());
        let caption = "Every spot of the tissue in the colour of what it has most of.";
        spots("Largest part", caption, told, maps, groups)
    }

    /// Spots by known class.
    fn classes_map(&self, told: &Told) -> Option<Figure> {
        let class = told.class?;
        let values = class.iter().map(|class| class.map_or(f64::NAN, f64::from)).collect();
        let caption = "The classes that were given, for comparison: nothing was fitted to them.";
        let maps = vec![("known class".to_owned(), values)];
        Some(spots("Known classes", caption, told, maps, told.classes.to_vec()))
    }

    /// The simplex plot, of the spots of known class where classes are known.
    fn simplex(&self, told: &Told, names: &[String]) -> Option<Figure> {
        let Some(class) = told.class else { return mixtures_map(&self.mixtures, names, None) };
        let known: Vec<usize> = (0..class.len()).filter(|&i| class[i].is_some()).collect();
        let labels = Labels {
            class: known.iter().filter_map(|&i| class[i]).collect(),
            classes: told.classes.to_vec(),
        };
        mixtures_map(&self.mixtures.select_rows(&known), names, Some(&labels))
    }

    /// The explained variance of the numbers that were tried.
    fn explained(&self) -> Option<Figure> {
        if self.chosen.tried.len() < 2 {
            return None;
        }
        let (k, _, _) = self.chosen.tried[self.chosen.taken];
        let series = Series {
            name: String::new(),
            x: self.chosen.tried.iter().map(|tried| tried.0 as f64).collect(),
            y: self.chosen.tried.iter().map(|tried| tried.2).collect(),
        };
        let from =
            self.chosen.dimension.map_or(String::new(), |n| format!(" The intrinsic dimension is {n:.2}."));
        Some(Figure::new(
            "Number of archetypes",
            format!("{k} archetypes are taken: {}.{from}", self.chosen.why),
            Plot::Lines {
                x: Axis::linear("archetypes"),
                y: Axis::linear("explained variance of the components"),
                series: vec![series],
            },
        ))
    }

    fn anchors_table(&self, told: &Told, names: &[String]) -> Figure {
        let row = |j: usize| {
            let named = |&i: &usize| format!("{} {:.2}", told.names.sample(i), self.mixtures[(i, j)]);
            let merged = self.granularity.group.iter().filter(|group| **group == j).count();
            let share = self.mixtures.col(j).iter().sum::<f64>() / self.mixtures.n_rows() as f64;
            let anchors: Vec<String> = self.anchors[j].iter().take(NAMED).map(named).collect();
            vec![names[j].clone(), merged.to_string(), format!("{:.1} %", 100.0 * share), anchors.join(", ")]
        };
        table(
            "Anchors",
            "The spots that have most of each major archetype, with their shares, and how many archetypes became it.",
            &["archetype", "merged", "mean share", "anchors"],
            (0..names.len()).map(row).collect(),
        )
    }

    fn markers_table(&self, names: &[String]) -> Figure {
        let row = |(name, community): (&String, &super::Community)| {
            let gene = |marker: &super::Marker| {
                format!("{} {:+.1}", self.prepared.names[marker.gene], marker.log_fold_change)
            };
            let certain = community.markers.iter().filter(|marker| marker.adjusted < 0.05).count();
            let genes: Vec<String> = community.markers.iter().take(2 * NAMED).map(gene).collect();
            vec![name.clone(), community.spots.len().to_string(), certain.to_string(), genes.join(", ")]
        };
        table(
            "Markers",
            "Genes that the spots nearest to each archetype have more of than all others, the most often larger first, with log2 fold changes; \
             and how many of those kept have an adjusted p-value below 0.05.",
            &["archetype", "spots", "certain", "markers"],
            names.iter().zip(&self.communities).map(row).collect(),
        )
    }

    /// Distances between all archetypes, in the order of their hierarchy.
    fn distances(&self) -> Figure {
        let order = &self.granularity.order;
        let k = order.len();
        let name = |&j: &usize| format!("{} (of {})", j + 1, self.granularity.group[j] + 1);
        let named: Vec<String> = order.iter().map(name).collect();
        let values =
            (0..k * k).map(|at| self.granularity.distances[(order[at / k], order[at % k])]).collect();
        Figure::new(
            "Distances between archetypes",
            "In the space of components, archetypes in the order of their hierarchy; in brackets the major archetype that each became.",
            Plot::HeatMap {
                rows: k,
                cols: k,
                values,
                row_names: named.clone(),
                col_names: named,
                colours: Colours::Sequential,
            },
        )
    }

    /// Types and the archetypes they are married to.
    fn matches(&self, names: &[String]) -> Option<Figure> {
        let matched = self.matched.as_ref()?;
        let row = |t: usize| {
            let genes = &matched.genes[t];
            let appended = &genes[genes.len() - matched.n_appended[t]..];
            let appended: Vec<&str> = appended.iter().map(|&g| self.prepared.names[g].as_str()).collect();
            let (archetype, overlap) = match matched.archetype[t] {
                Some(j) => (names[j].clone(), matched.overlaps[(t, j)].to_string()),
                None => ("none".to_owned(), "0".to_owned()),
            };
            vec![matched.types[t].clone(), archetype, overlap, appended.join(", ")]
        };
        Some(table(
            "Types and archetypes",
            "Which archetype each type is married to, how many of the type's anchors are among the archetype's nearest spots, and the \
             markers that joined the type's signature.",
            &["type", "archetype", "spots in common", "markers appended"],
            (0..matched.types.len()).map(row).collect(),
        ))
    }

    /// Archetypes that may be types nobody named.
    fn novel(&self, names: &[String]) -> Option<Figure> {
        let matched = self.matched.as_ref().filter(|matched| !matched.novel.is_empty())?;
        let row = |novel: &super::Novel| {
            let gene = |marker: &super::Marker| self.prepared.names[marker.gene].clone();
            let genes: Vec<String> =
                self.communities[novel.archetype].markers.iter().take(NAMED).map(gene).collect();
            vec![
                names[novel.archetype].clone(),
                format!("{:.2}", novel.distance),
                matched.types[novel.nearest].clone(),
                genes.join(", "),
            ]
        };
        Some(table(
            "Candidates for novel types",
            "Archetypes that no type is married to, the farthest first: the mean distance to the anchors of the two nearest types.",
            &["archetype", "distance", "nearest type", "markers"],
            matched.novel.iter().map(row).collect(),
        ))
    }
}

fn table(title: &str, caption: &str, header: &[&str], rows: Vec<Vec<String>>) -> Figure {
    let header = header.iter().map(|name| (*name).to_owned()).collect();
    Figure::new(title, caption, Plot::Table { header, rows })
}

/// A map a column of shares, all on one scale.
fn shares_map(title: &str, caption: &str, told: &Told, names: &[String], shares: &Matrix<f64>) -> Figure {
    Figure::new(
        title,
        caption,
        Plot::Spots {
            x: told.places.col(0),
            y: told.places.col(1),
            maps: names.iter().enumerate().map(|(j, name)| (name.clone(), shares.col(j))).collect(),
            groups: Vec::new(),
            range: Some((0.0, 1.0)),
            colours: Colours::Sequential,
        },
    )
}

fn spots(
    title: &str,
    caption: &str,
    told: &Told,
    maps: Vec<(String, Vec<f64>)>,
    groups: Vec<String>,
) -> Figure {
    Figure::new(
        title,
        caption,
        Plot::Spots {
            x: told.places.col(0),
            y: told.places.col(1),
            maps,
            groups,
            range: None,
            colours: Colours::Sequential,
        },
    )
}
