//! Scales with ticks at round numbers, and the frame they make: grid, tick labels and axis labels.
//!
//! A linear axis puts its ticks at multiples of 1, 2 or 5 times a power of ten; a logarithmic one at powers of
//! ten, with 2 and 5 between them where there is room. Very large and very small values share one power of ten,
//! written once beside the axis label.

use super::super::markup::{Element, cut};
use super::super::number::{fixed, superscript};
use crate::figure::Axis;

/// Values beyond this are drawn at it: the difference of two of them is still finite.
const HUGE: f64 = 1e290;
/// A range narrower than this share of its values is a constant as far as `f64` can tell.
const CONSTANT: f64 = 1e-11;

/// A tick: where it stands and what it says.
#[derive(Clone, Debug)]
pub(crate) struct Tick {
    pub(crate) at: f64,
    pub(crate) label: String,
}

/// What a scale reaches beyond its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Nothing: it starts and ends with the data.
    Tight,
    /// A little room at both ends, so that marks at the extremes are whole.
    Padded,
    /// As far as zero, from which bars grow.
    ToZero,
}

/// From values to pixels along one axis.
#[derive(Clone, Debug)]
pub(crate) struct Scale {
    log: bool,
    /// The domain, after the logarithm if there is one.
    low: f64,
    high: f64,
    /// The pixels of its ends.
    from: f64,
    to: f64,
    pub(crate) ticks: Vec<Tick>,
    /// The label with the power of ten that the ticks leave out.
    pub(crate) label: String,
}

impl Scale {
    /// A scale that shows the values, with about `n_ticks` ticks. The pixels are set by [`Scale::across`].
    pub(crate) fn new(axis: &Axis, values: impl Iterator<Item = f64>, reach: Reach, n_ticks: usize) -> Scale {
        let log = axis.log && reach != Reach::ToZero;
        let mut is_whole = true;
        let drawn = values.filter_map(|value| {
            is_whole &= value.fract() == 0.0;
            drawable(value, log)
        });
        let (low, high) = domain(drawn, log, reach);
        let mut scale =
            Scale { log, low, high, from: 0.0, to: 1.0, ticks: Vec::new(), label: axis.label.clone() };
        match log {
            true => scale.place_log_ticks(n_ticks),
            // Between whole numbers (iterations, ranks) there is nothing to mark.
            false => scale.place_round_ticks(low, high, n_ticks, f64::from(is_whole), |value| value),
        }
        scale
    }

    /// The scale stretched over these pixels.
    pub(crate) fn across(mut self, from: f64, to: f64) -> Scale {
        let moved = |at: f64| from + (at - self.from) / (self.to - self.from) * (to - from);
        for tick in &mut self.ticks {
            tick.at = moved(tick.at);
        }
        (self.from, self.to) = (from, to);
        self
    }

    /// The pixel of a value; none for a value that is not finite, or not positive on a logarithmic axis.
    pub(crate) fn pixel(&self, value: f64) -> Option<f64> {
        drawable(value, self.log).map(|place| self.pixel_of_place(place))
    }

    fn pixel_of_place(&self, place: f64) -> f64 {
        self.from + (place - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    /// Round numbers between two ends, at their places, `least` apart or more.
    fn place_round_ticks(
        &mut self,
        low: f64,
        high: f64,
        n_ticks: usize,
        least: f64,
        place: impl Fn(f64) -> f64,
    ) {
        let step = round_step((high - low) / n_ticks as f64).max(least);
        let magnitude = low.abs().max(high.abs()).log10().floor() as i32;
        let shared = if (-3..6).contains(&magnitude) { 0 } else { magnitude };
        let decimals = (shared - step.log10().floor() as i32).max(0) as usize;
        let first = (low / step - 1e-9).ceil() as i64;
        let last = (high / step + 1e-9).floor() as i64;
        for i in first..=last {
            let value = i as f64 * step;
            let label = fixed(value / 10f64.powi(shared), decimals);
            self.ticks.push(Tick { at: self.pixel_of_place(place(value)), label });
        }
        if shared != 0 {
            self.label = format!("{} (×10{})", self.label, superscript(shared)).trim_start().to_string();
        }
    }

    /// Powers of ten, every so many; 2 and 5 between them if they are few; within one decade plain round numbers.
    fn place_log_ticks(&mut self, n_ticks: usize) {
        let decades = self.high - self.low;
        if decades < 1.0 {
            let (low, high) = (10f64.powf(self.low), 10f64.powf(self.high));
            return self.place_round_ticks(low, high, n_ticks, 0.0, f64::log10);
        }
        let every = (decades / (n_ticks + 1) as f64).ceil() as i32;
        let between: &[f64] = if decades < 2.5 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let (first, last) = (self.low.floor() as i32, self.high.ceil() as i32);
        let is_plain = first >= -3 && last <= 5;
        for exponent in (first..=last).filter(|e| e.rem_euclid(every) == 0) {
            for &mantissa in between {
                let place = f64::from(exponent) + mantissa.log10();
                if place >= self.low - 1e-9 && place <= self.high + 1e-9 {
                    let label = power(mantissa, exponent, is_plain);
                    self.ticks.push(Tick { at: self.pixel_of_place(place), label });
                }
            }
        }
    }
}

/// Where a value stands before scaling: itself or its logarithm, if it can be drawn at all.
fn drawable(value: f64, log: bool) -> Option<f64> {
    match log {
        _ if !value.is_finite() => None,
        true => (value > 0.0).then(|| value.clamp(1.0 / HUGE, HUGE).log10()),
        false if value.abs() < 1.0 / HUGE => Some(0.0),
        false => Some(value.clamp(-HUGE, HUGE)),
    }
}

/// The ends of a scale for these places: never empty, never of no width.
fn domain(places: impl Iterator<Item = f64>, log: bool, reach: Reach) -> (f64, f64) {
    let (mut low, mut high) =
        places.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), p| (low.min(p), high.max(p)));
    if low > high {
        return (0.0, 1.0);
    }
    if reach == Reach::ToZero {
        (low, high) = (low.min(0.0), high.max(0.0));
    }
    let magnitude = low.abs().max(high.abs());
    if high - low <= CONSTANT * magnitude {
        let around = match (log, magnitude) {
            (true, _) => 0.3,
            (false, 0.0) => 1.0,
            (false, _) => 0.1 * magnitude,
        };
        return if reach == Reach::ToZero { (0.0, 1.0) } else { (low - around, high + around) };
    }
    let room = 0.04 * (high - low);
    match reach {
        Reach::Tight => (low, high),
        Reach::Padded => (low - room, high + room),
        Reach::ToZero => {
            (if low < 0.0 { low - room } else { 0.0 }, if high > 0.0 { high + room } else { 0.0 })
        }
    }
}

/// The nearest of 1, 2, 5 times a power of ten, by ratio.
fn round_step(wish: f64) -> f64 {
    let power = 10f64.powi(wish.log10().floor() as i32);
    let multiple = match wish / power {
        m if m < 2f64.sqrt() => 1.0,
        m if m < 10f64.sqrt() => 2.0,
        m if m < 50f64.sqrt() => 5.0,
        _ => 10.0,
    };
    multiple * power
}

/// A tick of a logarithmic axis: a plain number, or a power of ten where some of the axis's need it.
fn power(mantissa: f64, exponent: i32, is_plain: bool) -> String {
    match mantissa {
        _ if is_plain => fixed(mantissa * 10f64.powi(exponent), (-exponent).max(0) as usize),
        1.0 => format!("10{}", superscript(exponent)),
        _ => format!("{mantissa}×10{}", superscript(exponent)),
    }
}

/// The area of a plot inside its axes, and the size of the whole drawing, in pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
}

/// The usual size of a plot with two axes.
const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 290.0;
/// The width of a letter or digit as margins count it: text is set by the reader's browser, not here.
pub(crate) const LETTER: f64 = 7.2;

/// Two scales stretched over a frame which leaves room for their labels.
pub(crate) fn frame(x: Scale, y: Scale) -> (Frame, Scale, Scale) {
    let widest = y.ticks.iter().map(|tick| tick.label.chars().count()).max().unwrap_or(1);
    let left = (12.0 + LETTER * widest as f64).min(WIDTH / 2.0);
    let top = if y.label.is_empty() { 10.0 } else { 30.0 };
    let bottom = HEIGHT - if x.label.is_empty() { 26.0 } else { 46.0 };
    let frame = Frame { width: WIDTH, height: HEIGHT, left, right: WIDTH - 14.0, top, bottom };
    (frame, x.across(left, frame.right), y.across(bottom, top))
}

/// The drawing's empty sheet with its spoken name.
pub(crate) fn sheet(width: f64, height: f64, spoken: &str) -> Element {
    Element::new("svg")
        .attr("viewBox", format!("0 0 {} {}", width.ceil(), height.ceil()))
        .attr("role", "img")
        .attr("aria-label", spoken)
        .attr("xmlns", "http://www.w3.org/2000/svg")
}

/// Grid, ticks and labels of a plot with two axes; the vertical axis's label stands above it, upright.
pub(crate) fn axes(frame: &Frame, x: &Scale, y: &Scale) -> Element {
    let mut group = Element::new("g").class("axes");
    for tick in &y.ticks {
        group = group.child(segment("grid", frame.left, tick.at, frame.right, tick.at));
        let label = text("tick end", frame.left - 7.0, tick.at + 4.0, &tick.label);
        group = group.child(label);
    }
    group = group.children(horizontal_ticks(frame, x));
    group = group.child(segment("axis", frame.left, frame.bottom, frame.right, frame.bottom));
    if !y.label.is_empty() {
        group = group.child(text("label", 2.0, 13.0, &cut(&y.label, 60)));
    }
    group.children(horizontal_label(frame, x))
}

/// The ticks below a plot, as many of them as have room for their labels.
pub(crate) fn horizontal_ticks(frame: &Frame, x: &Scale) -> Vec<Element> {
    let mut drawn = Vec::new();
    let mut free_from = f64::NEG_INFINITY;
    for tick in &x.ticks {
        let half = LETTER * tick.label.chars().count() as f64 / 2.0;
        drawn.push(segment("axis", tick.at, frame.bottom, tick.at, frame.bottom + 5.0));
        if tick.at - half < free_from {
            continue;
        }
        free_from = tick.at + half + 4.0;
        // A label must not stick out of the sheet.
        let centre = tick.at.min(frame.width - half).max(half);
        drawn.push(text("tick mid", centre, frame.bottom + 19.0, &tick.label));
    }
    drawn
}

/// The horizontal axis's label, below the middle.
pub(crate) fn horizontal_label(frame: &Frame, x: &Scale) -> Option<Element> {
    let middle = (frame.left + frame.right) / 2.0;
    (!x.label.is_empty()).then(|| text("label mid", middle, frame.bottom + 39.0, &cut(&x.label, 60)))
}

/// What stands in a plot without a single point.
pub(crate) fn nothing_to_draw(frame: &Frame) -> Element {
    let (across, down) = ((frame.left + frame.right) / 2.0, (frame.top + frame.bottom) / 2.0);
    text("label mid", across, down, "no finite values to draw")
}

/// A straight line of a class of the style sheet.
pub(crate) fn segment(class: &str, x1: f64, y1: f64, x2: f64, y2: f64) -> Element {
    Element::new("line").class(class).at("x1", x1).at("y1", y1).at("x2", x2).at("y2", y2)
}

/// Text of a class of the style sheet, whose baseline starts (or ends, or has its middle) at a place.
pub(crate) fn text(class: &str, x: f64, y: f64, text: &str) -> Element {
    Element::with_text("text", text).class(class).at("x", x).at("y", y)
}
