//! Ratings: a line says which user gave which item what, and perhaps when. MovieLens's `u.data`,
//! `ratings.dat` and `ratings.csv` are of this kind.
//!
//! ```text
//! user item rating [time]       between tabs, commas, semicolons, `::` or blanks
//! ```
//! * A header is seen by a third cell that is no number, and says where the columns are (`userId`, `movieId`,
//!   `rating`, `timestamp`); without one they come in this order.
//! * Users become rows and items columns, named by their ids: ordered as numbers where all are, else by their
//!   letters, so that the order of the lines does not matter.
//! * Only what is given is stored, a rating of 0 too: everything else is unknown. A missing value is unknown.
//! * Of several ratings for one pair the latest counts; without times, or at the same time, the last line.

use super::cells::{Cell, Cells, Separator};
use super::charged::Charged;
use super::delimited::{cells_of, refuse_binary};
use super::input::{HeldLine, Input};
use super::interned::{Interned, ranks};
use super::listed::{is_content, named, separator_of};
use super::loaded::{Loaded, Recipe};
use super::missing::Missing;
use super::number::{Cell as Value, parse_cell, parse_real, value_of};
use super::read::{Format, ReadOptions};
use crate::error::{Error, Result};
use crate::linalg::Csr;
use crate::models::{Dataset, Names};
use crate::monitor::Budget;

/// How headers begin to name the column of the users, in lower case.
const USER: &[&str] = &["user", "uid", "customer", "reviewer"];
/// The column of the items.
const ITEM: &[&str] =
    &["item", "iid", "movie", "product", "book", "isbn", "artist", "track", "song", "anime"];
/// The column of the ratings.
const RATING: &[&str] = &["rating", "score", "stars", "value", "count", "plays", "weight"];
/// Of these, what cannot be anything else beside users and items.
const CERTAIN_RATING: &[&str] = &["rating", "score", "stars"];
/// The column of the times.
const TIME: &[&str] = &["time", "date"];

/// Whether a file certainly is of this format, by its first bytes: a header names users, items and ratings, or
/// numbers stand between double colons.
pub fn recognises(head: &[u8]) -> bool {
    let mut lines = head.split(|&byte| byte == b'\n').filter(|line| is_content(line));
    let Some(first) = lines.next() else { return false };
    let separator = separator_of(first);
    let cells: Vec<Cell> = Cells::of(first, separator).map_while(std::result::Result::ok).collect();
    let is_rating = |cell: &Cell| matches!(parse_cell(cell.raw), Value::Number(_));
    let are_named = |kinds: &[&[&str]]| kinds.iter().all(|kind| named(&cells, kind).is_some());
    (3..=4).contains(&cells.len())
        && match separator {
            Separator::Colons => is_rating(&cells[2]),
            _ => are_named(&[USER, ITEM, CERTAIN_RATING]),
        }
}

/// Reads a whole file.
/// # Errors
/// [`Error::Parse`] at the line that is no rating, [`Error::Limit`] where the budget refuses, [`Error::Io`].
pub fn read(input: &mut Input<'_>, options: &ReadOptions) -> Result<Loaded> {
    let Some(first) = input.hold_line_where(is_content)? else {
        return Err(input.fail("the file is empty; give a line `user item rating` for each rating"));
    };
    refuse_binary(input, &first)?;
    let layout = Layout::of(input, &first)?;
    let has_header = layout.has_header;
    let mut ratings = Ratings::new(input, layout, options)?;
    let path = input.path().to_path_buf();
    let mut take =
        |line: u64, text: &[u8]| ratings.push(text)?.map_err(|why| Error::parse_line(&path, line, why));
    if !has_header {
        take(first.line(), first.text())?;
    }
    input.for_each_line_where(is_content, take)?;
    ratings.finish(input)
}

/// Where in a line things are.
struct Layout {
    separator: Separator,
    user: usize,
    item: usize,
    rating: usize,
    time: Option<usize>,
    has_header: bool,
    n_cells: usize,
}

impl Layout {
    fn of(input: &Input, first: &HeldLine) -> Result<Layout> {
        let separator = separator_of(first.text());
        let cells = cells_of(input.path(), first, separator)?;
        if cells.len() < 3 {
            let why = format!(
                "the line has {} cells; a rating is user, item, rating and perhaps the time",
                cells.len()
            );
            return Err(Error::parse_line(input.path(), first.line(), why));
        }
        let is_text = |at: usize| parse_cell(cells[at].raw) == Value::Text;
        let has_header = is_text(2) || named(&cells, RATING).is_some_and(|at| at < 2 && is_text(at));
        if !has_header {
            let time = (cells.len() > 3).then_some(3);
            return Ok(Layout {
                separator,
                user: 0,
                item: 1,
                rating: 2,
                time,
                has_header,
                n_cells: cells.len(),
            });
        }
        let rating = named(&cells, RATING).unwrap_or(2);
        let free = |taken: &[usize]| (0..3).find(|at| !taken.contains(at));
        let user = named(&cells, USER).filter(|&at| at != rating).or_else(|| free(&[rating]));
        let user = user.unwrap_or(0);
        let item = named(&cells, ITEM).filter(|&at| at != rating && at != user);
        let item = item.or_else(|| free(&[rating, user])).unwrap_or(1);
        let time = named(&cells, TIME).filter(|at| ![rating, user, item].contains(at));
        Ok(Layout { separator, user, item, rating, time, has_header, n_cells: cells.len() })
    }
}

/// One rating, 24 bytes.
#[derive(Clone, Copy)]
struct Rating {
    row: u32,
    col: u32,
    value: f64,
    time: f64,
}

/// The ratings as they grow.
struct Ratings<'a> {
    layout: Layout,
    missing: Missing,
    /// The cells that name the row and the column, and what they are.
    sides: [(usize, &'static str); 2],
    rows: Interned<'a>,
    cols: Interned<'a>,
    /// Whether only the columns that are there are taken.
    is_fixed: bool,
    n_unknown: u64,
    ratings: Charged<'a, Rating>,
    budget: &'a Budget,
}

impl<'a> Ratings<'a> {
    fn new(input: &Input<'a>, layout: Layout, options: &ReadOptions) -> Result<Ratings<'a>> {
        let budget = input.budget();
        let (user, item) = ((layout.user, "user"), (layout.item, "item"));
        let known = options.known.as_ref().filter(|known| known.recipe.format == Some(Format::Ratings));
        let known = known.and_then(|known| known.columns.as_ref());
        Ok(Ratings {
            missing: options.missing,
            sides: if options.transpose { [item, user] } else { [user, item] },
            rows: Interned::new(budget, "the names"),
            cols: match known {
                Some(names) => Interned::of(names, budget, "the names")?,
                None => Interned::new(budget, "the names"),
            },
            is_fixed: known.is_some(),
            n_unknown: 0,
            ratings: Charged::new(budget, "the ratings"),
            layout,
            budget,
        })
    }

    /// A line; the inner error says what is wrong with it.
    fn push(&mut self, line: &[u8]) -> Result<std::result::Result<(), String>> {
        let entry = match self.parse(line) {
            Ok(entry) => entry,
            Err(why) => return Ok(Err(why)),
        };
        let row = self.rows.intern(&entry.names[0].text())?;
        let col = match self.is_fixed {
            true => self.cols.find(&entry.names[1].text()),
            false => Some(self.cols.intern(&entry.names[1].text())?),
        };
        match col {
            None => self.n_unknown += 1,
            Some(_) if entry.value.is_nan() => {}
            Some(col) => self.ratings.push(Rating { row, col, value: entry.value, time: entry.time })?,
        }
        Ok(Ok(()))
    }

    fn parse<'l>(&self, line: &'l [u8]) -> std::result::Result<Entry<'l>, String> {
        let layout = &self.layout;
        let mut entry = Entry::NOTHING;
        let mut n_cells = 0;
        for (at, cell) in Cells::of(line, layout.separator).enumerate() {
            let cell = cell?;
            n_cells += 1;
            for (name, (place, what)) in entry.names.iter_mut().zip(self.sides) {
                if at == place {
                    if cell.raw.is_empty() {
                        return Err(format!("column {}: the {what} has no name; remove the line", at + 1));
                    }
                    *name = cell;
                }
            }
            if at == layout.rating {
                entry.value =
                    value_of(cell.raw, self.missing).map_err(|why| format!("column {}: {why}", at + 1))?;
            } else if Some(at) == layout.time {
                // A time that is no number does not order: the lines do.
                entry.time = parse_real(cell.raw).filter(|time| time.is_finite()).unwrap_or(0.0);
            }
        }
        if n_cells != layout.n_cells {
            let first = layout.n_cells;
            return Err(format!(
                "the line has {n_cells} cells where the first has {first}; give all lines the same"
            ));
        }
        Ok(entry)
    }

    fn finish(mut self, input: &Input) -> Result<Loaded> {
        if self.rows.is_empty() {
            return Err(
                input.fail("there is a header and no rating; give a line `user item rating` for each")
            );
        }
        let row_order = self.rows.in_order()?;
        let row_rank = ranks(row_order.as_slice(), self.budget, "the names")?;
        // Columns that are known already keep their order.
        let col_order = if self.is_fixed { None } else { Some(self.cols.in_order()?) };
        let col_rank =
            col_order.as_ref().map(|order| ranks(order.as_slice(), self.budget, "the names")).transpose()?;
        for rating in self.ratings.as_mut_slice() {
            rating.row = row_rank.as_slice()[rating.row as usize];
            rating.col = col_rank.as_ref().map_or(rating.col, |rank| rank.as_slice()[rating.col as usize]);
        }
        let n_read = self.ratings.len();
        sort(self.ratings.as_mut_slice(), self.budget)?;
        let x = matrix(self.ratings, [self.rows.len(), self.cols.len()], self.budget)?;
        let mut warnings = Vec::new();
        if self.n_unknown > 0 {
            let kind = self.sides[1].1;
            warnings.push(format!("{} ratings are left out: the run knows no such {kind}", self.n_unknown));
        }
        if x.nnz() < n_read {
            let n_again = n_read - x.nnz();
            warnings.push(format!("{n_again} ratings are of a pair that is rated again: the latest counts"));
        }
        let col_names = match &col_order {
            Some(order) => self.cols.names_of(order.as_slice())?,
            None => self.cols.names_of(&(0..self.cols.len() as u32).collect::<Vec<_>>())?,
        };
        let names = Names {
            samples: Some(self.rows.names_of(row_order.as_slice())?),
            features: Some(col_names),
            ..Names::default()
        };
        let [rows, cols] = self.sides.map(|(_, what)| what);
        let facts = vec![("ratings", format!("{} of {rows}s (rows) for {cols}s (columns)", x.nnz()))];
        let recipe = Recipe { format: Some(Format::Ratings), ..Recipe::default() };
        let dataset = Dataset { features: x.into(), names, labels: None, batches: None };
        Ok(Loaded { recipe, facts, warnings, ..dataset.into() })
    }
}

/// What a line says.
struct Entry<'l> {
    names: [Cell<'l>; 2],
    value: f64,
    time: f64,
}

impl Entry<'_> {
    const NOTHING: Entry<'static> =
        Entry { names: [Cell { raw: b"", is_quoted: false }; 2], value: f64::NAN, time: 0.0 };
}

/// Orders ratings by row, column and time; equal ones stay in their order.
fn sort(ratings: &mut [Rating], budget: &Budget) -> Result<()> {
    // The stable sort of the standard library takes room for half of the values, or for all of a few.
    const FEW: usize = (8 << 20) / size_of::<Rating>();
    let n_scratch = ratings.len().div_ceil(2).max(ratings.len().min(FEW));
    let n_bytes = (n_scratch * size_of::<Rating>()) as u64;
    budget.charge(n_bytes, "sorting the ratings")?;
    ratings.sort_by(|a, b| (a.row, a.col).cmp(&(b.row, b.col)).then(a.time.total_cmp(&b.time)));
    budget.release(n_bytes);
    Ok(())
}

/// The matrix of sorted ratings, the last one of every pair.
fn matrix(ratings: Charged<Rating>, [n_rows, n_cols]: [usize; 2], budget: &Budget) -> Result<Csr<f64>> {
    let pairs = || ratings.as_slice().chunk_by(|a, b| (a.row, a.col) == (b.row, b.col));
    let nnz = pairs().count();
    let mut starts = Charged::filled(budget, "the rows of the matrix", n_rows + 1, 0_usize)?;
    let mut columns = Charged::new(budget, "the entries of the matrix");
    let mut values = Charged::new(budget, "the entries of the matrix");
    columns.reserve_exactly(nnz)?;
    values.reserve_exactly(nnz)?;
    for pair in pairs() {
        let last = pair[pair.len() - 1];
        starts.as_mut_slice()[last.row as usize + 1] += 1;
        columns.push(last.col)?;
        values.push(last.value)?;
    }
    for row in 0..n_rows {
        starts.as_mut_slice()[row + 1] += starts.as_slice()[row];
    }
    Csr::new(n_cols, starts.into_vec(), columns.into_vec(), values.into_vec())
}
