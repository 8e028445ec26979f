//! Tables: numbers flush right in figures of one width, words flush left.

use super::super::markup::{Element, cut};
use super::super::number::reads_as_number;
use super::Drawing;

/// More rows than this are not written, and the reader is told.
const MOST: usize = 500;
/// The longest cell that is not cut.
const CELL: usize = 240;
/// A table with a longer cell takes the page's whole width.
const LONG: usize = 60;

/// The table.
pub(crate) fn draw(title: &str, header: &[String], rows: &[Vec<String>]) -> Drawing {
    let n_cols = rows.iter().map(Vec::len).chain([header.len()]).max().unwrap_or(0);
    if n_cols == 0 {
        return super::nothing("An empty table.");
    }
    let written = &rows[..rows.len().min(MOST)];
    let is_number: Vec<bool> = (0..n_cols).map(|j| is_column_of_numbers(written, j)).collect();
    let row = |kind: &'static str, cells: &[String]| {
        let cells = (0..n_cols).map(|j| cell(kind, cells.get(j).map_or("", String::as_str), is_number[j]));
        Element::new("tr").children(cells)
    };
    let head = Element::new("thead").child(row("th", header));
    let body = Element::new("tbody").children(written.iter().map(|cells| row("td", cells)));
    let table = Element::new("table").child(head).child(body);
    let scrolled = Element::new("div")
        .class("table")
        .attr("role", "region")
        .attr("aria-label", title)
        .attr("tabindex", "0")
        .child(table);
    let is_long = written.iter().flatten().any(|cell| cell.chars().count() > LONG);
    let drawing = Drawing { is_wide: n_cols > 4 || is_long, ..Drawing::new(scrolled) };
    match rows.len() - written.len() {
        0 => drawing,
        more => drawing.noted(format!("The first {MOST} rows; {more} more are not shown.")),
    }
}

/// Whether every cell of a column that holds anything holds a number, and at least one does.
fn is_column_of_numbers(rows: &[Vec<String>], j: usize) -> bool {
    let mut held = rows.iter().filter_map(|row| row.get(j)).filter(|cell| !cell.trim().is_empty()).peekable();
    held.peek().is_some() && held.all(|cell| reads_as_number(cell.trim()))
}

fn cell(kind: &'static str, text: &str, is_number: bool) -> Element {
    let mut cell = Element::with_text(kind, cut(text, CELL));
    if kind == "th" {
        cell = cell.attr("scope", "col");
    }
    if is_number {
        cell = cell.class("number");
    }
    if text.chars().count() > CELL { cell.attr("title", text) } else { cell }
}
