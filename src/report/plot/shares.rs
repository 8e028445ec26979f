//! Bars stacked to 1, side by side without gaps: structure plots. One path a part.

use super::super::markup::{Element, coordinate, cut};
use super::axis::{self, LETTER};
use super::{Drawing, group_class};

const WIDTH: f64 = 940.0;
const LEFT: f64 = 34.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 208.0;
const HEIGHT: f64 = 236.0;
/// Bars drawn at most: as many as the sheet has pixels.
const MOST: usize = 1800;

/// The drawing.
pub(crate) fn draw(spoken: &str, parts: &[String], shares: &[f64], groups: &[(String, usize)]) -> Drawing {
    let n_parts = parts.len();
    let n_bars = if n_parts > 0 { shares.len() / n_parts } else { 0 };
    if n_bars == 0 {
        return super::nothing("No bars to draw.");
    }
    let drawn = n_bars.min(MOST);
    let width = (WIDTH - LEFT - 4.0) / drawn as f64;
    // Heights where each part ends, bar by bar, the whole being 1; a bar of nothing is left empty.
    let ends: Vec<Vec<f64>> = (0..drawn).map(|i| ends(&shares[i * n_parts..(i + 1) * n_parts])).collect();
    let mut body = axis::sheet(WIDTH, HEIGHT, spoken);
    for part in 0..n_parts {
        let mut path = String::new();
        let mut run = 0;
        while run < drawn {
            let height = |i: usize| (if part == 0 { 0.0 } else { ends[i][part - 1] }, ends[i][part]);
            let from = run;
            // Bars of equal ends are one piece.
            while run < drawn && height(run) == height(from) {
                run += 1;
            }
            let (low, high) = height(from);
            if high > low {
                let (left, right) = (LEFT + width * from as f64, LEFT + width * run as f64);
                let y = |share: f64| coordinate(BOTTOM - share * (BOTTOM - TOP));
                path += &format!(
                    "M{} {}H{}V{}H{}Z",
                    coordinate(left),
                    y(low),
                    coordinate(right),
                    y(high),
                    coordinate(left)
                );
            }
        }
        if !path.is_empty() {
            let class = group_class("share", part);
            body =
                body.child(Element::new("path").class(class).attr("d", path).tooltip(parts[part].as_str()));
        }
    }
    for (share, label) in [(0.0, "0"), (0.5, "½"), (1.0, "1")] {
        let y = BOTTOM - share * (BOTTOM - TOP);
        body = body.child(axis::text("tick end", LEFT - 7.0, y + 4.0, label));
    }
    body = body.children(marked(groups, drawn, width));
    let drawing = Drawing { is_wide: true, ..Drawing::new(body) };
    match n_bars - drawn {
        0 => drawing,
        more => drawing.noted(format!("The first {MOST} bars; {more} more are not drawn.")),
    }
}

/// Running sums of shares, scaled to end at 1.
fn ends(shares: &[f64]) -> Vec<f64> {
    let whole = |share: &f64| if share.is_finite() && *share > 0.0 { share.min(1e290) } else { 0.0 };
    let largest = shares.iter().map(whole).fold(0.0, f64::max);
    let scaled: Vec<f64> =
        shares.iter().map(|share| if largest > 0.0 { whole(share) / largest } else { 0.0 }).collect();
    let sum: f64 = scaled.iter().sum();
    let mut end = 0.0;
    let add = |share: &f64| {
        end += if sum > 0.0 { share / sum } else { 0.0 };
        end
    };
    scaled.iter().map(add).collect()
}

/// Lines between the groups and their names below, where there is room.
fn marked(groups: &[(String, usize)], n_bars: usize, width: f64) -> Vec<Element> {
    let mut drawn = Vec::new();
    let mut first = 0_usize;
    for (name, n) in groups {
        let last = first.saturating_add(*n).min(n_bars);
        let (left, right) = (LEFT + width * first as f64, LEFT + width * last as f64);
        if last < n_bars && last > first {
            drawn.push(axis::segment("axis", right, TOP, right, BOTTOM + 6.0));
        }
        let room = ((right - left) / LETTER) as usize;
        if room >= 2 && !name.is_empty() {
            drawn.push(
                axis::text("label mid", (left + right) / 2.0, BOTTOM + 20.0, &cut(name, room))
                    .tooltip(name.as_str()),
            );
        }
        first = last;
    }
    drawn
}
