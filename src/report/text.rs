//! Tables and curves for a terminal.

use super::number::reads_as_number;

/// Between two columns.
const GUTTER: usize = 2;
/// A column of words is not cut below this, however narrow the terminal.
const NARROWEST: usize = 8;

/// A table with aligned columns: numbers flush right, words flush left, a rule below the header.
///
/// If the lines would be longer than `width` (the terminal's, if there is one), columns of words are cut, widest
/// first, and the cut cells end in an ellipsis. Each row is read up to the header's length. Every line ends in a
/// line feed.
pub fn table<S: AsRef<str>>(header: &[S], rows: &[Vec<S>], width: Option<usize>) -> String {
    let cell = |row: &Vec<S>, j: usize| row.get(j).map_or(String::new(), |cell| one_line(cell.as_ref()));
    let columns: Vec<Column> = (0..header.len())
        .map(|j| Column::new(one_line(header[j].as_ref()), rows.iter().map(|row| cell(row, j)).collect()))
        .collect();
    let widths = fitted(&columns, width);
    let mut text = String::new();
    for i in 0..=rows.len() {
        let line: Vec<String> = columns.iter().zip(&widths).map(|(column, &w)| column.padded(i, w)).collect();
        text.push_str(line.join(&" ".repeat(GUTTER)).trim_end());
        text.push('\n');
        if i == 0 {
            let rule: Vec<String> = widths.iter().map(|&w| "─".repeat(w)).collect();
            text.push_str(&rule.join(&" ".repeat(GUTTER)));
            text.push('\n');
        }
    }
    text
}

/// A curve in one line of blocks, `▁` lowest to `█` highest; a space where no value is finite.
///
/// More values than `width` are averaged in equal pieces.
pub fn sparkline(values: &[f64], width: usize) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let n_blocks = values.len().min(width);
    let piece = |i: usize| &values[i * values.len() / n_blocks..(i + 1) * values.len() / n_blocks];
    let heights: Vec<Option<f64>> = (0..n_blocks).map(|i| mean_of_finite(piece(i))).collect();
    let known = || heights.iter().flatten().copied();
    let low = known().fold(f64::INFINITY, f64::min);
    let high = known().fold(f64::NEG_INFINITY, f64::max);
    // Halved, so that the difference of two huge values is finite.
    let span = high / 2.0 - low / 2.0;
    let block = |height: f64| {
        let share = if span > 0.0 { (height / 2.0 - low / 2.0) / span } else { 0.0 };
        BLOCKS[(share * 7.0).round() as usize]
    };
    heights.into_iter().map(|height| height.map_or(' ', block)).collect()
}

/// The running mean of what is finite, which cannot overflow.
fn mean_of_finite(values: &[f64]) -> Option<f64> {
    let mut mean = None;
    for (count, value) in values.iter().filter(|value| value.is_finite()).enumerate() {
        let (before, n) = (mean.unwrap_or(0.0), (count + 1) as f64);
        mean = Some(before + (value / n - before / n));
    }
    mean
}

/// A column: its header and cells, and how they are aligned.
struct Column {
    /// The header first.
    cells: Vec<String>,
    is_number: bool,
}

impl Column {
    fn new(header: String, cells: Vec<String>) -> Column {
        let mut held = cells.iter().filter(|cell| !cell.is_empty()).peekable();
        let is_number = held.peek().is_some() && held.all(|cell| reads_as_number(cell));
        Column { cells: [vec![header], cells].concat(), is_number }
    }

    fn width(&self) -> usize {
        self.cells.iter().map(|cell| columns_of(cell)).max().unwrap_or(0)
    }

    fn padded(&self, i: usize, width: usize) -> String {
        let cell = cut(&self.cells[i], width);
        let space = " ".repeat(width.saturating_sub(columns_of(&cell)));
        if self.is_number { space + &cell } else { cell + &space }
    }
}

/// The widths of the columns: what they need, less what the widest columns of words give up for the limit.
fn fitted(columns: &[Column], limit: Option<usize>) -> Vec<usize> {
    let mut widths: Vec<usize> = columns.iter().map(Column::width).collect();
    let Some(limit) = limit else { return widths };
    let gutters = GUTTER * columns.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gutters > limit {
        let can_give = |&j: &usize| !columns[j].is_number && widths[j] > NARROWEST;
        let Some(widest) = (0..columns.len()).filter(can_give).max_by_key(|&j| widths[j]) else { break };
        widths[widest] -= 1;
    }
    widths
}

/// Without line feeds, tabs and other control characters, which would break the table (or drive the terminal).
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn cut(text: &str, width: usize) -> String {
    if columns_of(text) <= width {
        return text.to_string();
    }
    let mut kept = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += columns_of_char(c);
        if used > width {
            break;
        }
        kept.push(c);
    }
    kept.push('…');
    kept
}

/// Columns of a terminal that a text takes.
fn columns_of(text: &str) -> usize {
    text.chars().map(columns_of_char).sum()
}

/// Two for the wide blocks of East Asian scripts and pictographs, none for combining marks, else one.
fn columns_of_char(c: char) -> usize {
    match u32::from(c) {
        0x0300..=0x036f | 0x200b..=0x200f | 0x20d0..=0x20ff | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff => 2,
        0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}
