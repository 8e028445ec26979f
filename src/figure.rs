//! Figures as plain data: what a model wants to show. `report` draws them as SVG.

use serde::{Deserialize, Deserializer, Serialize};

/// A titled figure with a sentence that says how to read it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// A short title.
    pub title: String,
    /// How to read it, one or two sentences.
    pub caption: String,
    /// What is drawn.
    pub plot: Plot,
}

impl Figure {
    /// A figure.
    pub fn new(title: impl Into<String>, caption: impl Into<String>, plot: Plot) -> Figure {
        Figure { title: title.into(), caption: caption.into(), plot }
    }
}

/// One named series of points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Its name in the legend; empty for none.
    pub name: String,
    /// Horizontal positions.
    #[serde(deserialize_with = "values")]
    pub x: Vec<f64>,
    /// Vertical positions, as many.
    #[serde(deserialize_with = "values")]
    pub y: Vec<f64>,
}

impl Series {
    /// A series over its own indices 1, 2, ...
    pub fn counted(name: impl Into<String>, y: Vec<f64>) -> Series {
        Series { name: name.into(), x: (1..=y.len()).map(|i| i as f64).collect(), y }
    }
}

/// An axis: its label with the unit, and whether it is logarithmic.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Axis {
    /// The label.
    pub label: String,
    /// Logarithmic; positions that are not positive are left out.
    pub log: bool,
}

impl Axis {
    /// A linear axis.
    pub fn linear(label: impl Into<String>) -> Axis {
        Axis { label: label.into(), log: false }
    }

    /// A logarithmic axis.
    pub fn log(label: impl Into<String>) -> Axis {
        Axis { label: label.into(), log: true }
    }
}

/// How numbers become colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Colours {
    /// From paper to ink: zero and up. Captions speak of strong and faint: in the dark, ink is the bright end.
    Sequential,
    /// Two hues that meet at zero.
    Diverging,
    /// Black to white, as photographs are: higher is brighter.
    Light,
}

/// What can be drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Plot {
    /// Lines through points.
    Lines {
        /// Horizontal axis.
        x: Axis,
        /// Vertical axis.
        y: Axis,
        /// The lines.
        series: Vec<Series>,
    },
    /// Points, coloured by series.
    Scatter {
        /// Horizontal axis.
        x: Axis,
        /// Vertical axis.
        y: Axis,
        /// The groups.
        series: Vec<Series>,
    },
    /// Horizontal bars with their names.
    Bars {
        /// The values' axis.
        x: Axis,
        /// Name and value of each bar, top first.
        #[serde(deserialize_with = "named_values")]
        bars: Vec<(String, f64)>,
    },
    /// Several sets of bars, each on a scale of its own.
    Panels {
        /// The values' axis.
        x: Axis,
        /// The sets, first to last.
        panels: Vec<Panel>,
    },
    /// What each of many things is made of: bars stacked to 1, side by side.
    Shares {
        /// Names of the parts, bottom first.
        parts: Vec<String>,
        /// Row-major shares, one row a bar and one column a part.
        #[serde(deserialize_with = "values")]
        shares: Vec<f64>,
        /// Bars that belong together: a name, and how many there are, left to right.
        groups: Vec<(String, usize)>,
    },
    /// Topics as circles whose distances tell how alike they are, with the words of the one that is chosen.
    TopicMap {
        /// The topics.
        topics: Vec<MapTopic>,
        /// The weight of a word's probability beside its lift, to begin with.
        lambda: f64,
    },
    /// A matrix as coloured cells.
    HeatMap {
        /// Number of rows.
        rows: usize,
        /// Number of columns.
        cols: usize,
        /// Row-major values.
        #[serde(deserialize_with = "values")]
        values: Vec<f64>,
        /// Names of rows; empty for none.
        row_names: Vec<String>,
        /// Names of columns; empty for none.
        col_names: Vec<String>,
        /// The colour scale.
        colours: Colours,
    },
    /// A function of the plane as colours with lines of equal height, and points over it.
    Contours {
        /// Horizontal axis.
        x: Axis,
        /// Vertical axis.
        y: Axis,
        /// The function.
        grid: Grid,
        /// Heights of the lines.
        #[serde(deserialize_with = "values")]
        levels: Vec<f64>,
        /// The points.
        points: Series,
    },
    /// Small pictures of one channel, side by side.
    Images {
        /// Height of each, pixels.
        height: usize,
        /// Width of each, pixels.
        width: usize,
        /// Row-major values of each picture with the name below it (may be empty).
        #[serde(deserialize_with = "named_pictures")]
        pictures: Vec<(String, Vec<f64>)>,
        /// Pictures a row.
        per_row: usize,
        /// The values at the ends of the colour scale; each picture is scaled by itself if `None`.
        range: Option<(f64, f64)>,
        /// The colour scale.
        colours: Colours,
    },
    /// Pictures in colours of their own, side by side.
    Pictures {
        /// The pictures.
        pictures: Vec<Picture>,
        /// Pictures a row.
        per_row: usize,
    },
    /// Spots of a tissue, or other places, as small maps of one or more quantities.
    Spots {
        /// Horizontal places.
        #[serde(deserialize_with = "values")]
        x: Vec<f64>,
        /// Vertical places, as many, in the same unit.
        #[serde(deserialize_with = "values")]
        y: Vec<f64>,
        /// The name of each map and its value at every place; of groups, their numbers from 0, and NaN where a place has none.
        #[serde(deserialize_with = "named_pictures")]
        maps: Vec<(String, Vec<f64>)>,
        /// Names of groups; empty where values are quantities.
        groups: Vec<String>,
        /// The quantities at the ends of the colour scale; each map is scaled by itself if `None`.
        range: Option<(f64, f64)>,
        /// The colour scale of quantities.
        colours: Colours,
    },
    /// A table; the first row of text is the header.
    Table {
        /// Column names.
        header: Vec<String>,
        /// Rows, each as long as the header.
        rows: Vec<Vec<String>>,
    },
}

/// A function of the plane in equal cells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grid {
    /// From where to where the cells reach, along the horizontal axis.
    pub x: [f64; 2],
    /// And along the vertical one.
    pub y: [f64; 2],
    /// Cells a row.
    pub n_cols: usize,
    /// Values at the middles of the cells, row by row, the lowest row first.
    #[serde(deserialize_with = "values")]
    pub values: Vec<f64>,
}

/// Bars under a title.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    /// What they are of.
    pub title: String,
    /// Name and value of each bar, top first.
    #[serde(deserialize_with = "named_values")]
    pub bars: Vec<(String, f64)>,
}

/// A picture of a [`Plot::Pictures`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// Its name.
    pub name: String,
    /// Pixels downwards.
    pub height: usize,
    /// Pixels across.
    pub width: usize,
    /// A PNG file in base 64.
    pub png: String,
}

/// A topic of a [`Plot::TopicMap`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MapTopic {
    /// Its name.
    pub name: String,
    /// Its place.
    #[serde(deserialize_with = "place")]
    pub at: (f64, f64),
    /// Its share of all words.
    #[serde(deserialize_with = "one")]
    pub share: f64,
    /// Words it may be told by, at every weight of probability and lift.
    pub words: Vec<MapWord>,
}

/// A word of a [`MapTopic`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MapWord {
    /// The word.
    pub name: String,
    /// Its probability in the topic.
    #[serde(deserialize_with = "one")]
    pub probability: f64,
    /// Its share of all words.
    #[serde(deserialize_with = "one")]
    pub share: f64,
}

/// A number that JSON cannot hold is written as null; it is a gap in the figure, and comes back as NaN.
#[derive(Deserialize)]
#[serde(from = "Option<f64>")]
struct Value(f64);

impl From<Option<f64>> for Value {
    fn from(written: Option<f64>) -> Value {
        Value(written.unwrap_or(f64::NAN))
    }
}

fn values<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f64>, D::Error> {
    Ok(plain(Vec::deserialize(from)?))
}

fn one<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Ok(Value::deserialize(from)?.0)
}

fn place<'de, D: Deserializer<'de>>(from: D) -> Result<(f64, f64), D::Error> {
    let (x, y) = <(Value, Value)>::deserialize(from)?;
    Ok((x.0, y.0))
}

fn named_values<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(String, f64)>, D::Error> {
    let named = Vec::<(String, Value)>::deserialize(from)?;
    Ok(named.into_iter().map(|(name, value)| (name, value.0)).collect())
}

fn named_pictures<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(String, Vec<f64>)>, D::Error> {
    let named = Vec::<(String, Vec<Value>)>::deserialize(from)?;
    Ok(named.into_iter().map(|(name, values)| (name, plain(values))).collect())
}

fn plain(values: Vec<Value>) -> Vec<f64> {
    values.into_iter().map(|value| value.0).collect()
}
