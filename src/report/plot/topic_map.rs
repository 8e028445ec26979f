//! Topics on a plane, and beside them the words of the chosen one by relevance (Sievert & Shirley 2014). What the
//! page shows without its script is the first topic at the first weight.

use super::super::markup::{Element, cut};
use super::super::number::number;
use super::Drawing;
use super::axis::{self, Reach, Scale};
use crate::figure::{Axis, MapTopic, MapWord};
use serde_json::json;

const SIDE: f64 = 420.0;
/// The largest circle's radius: that of a topic of all words.
const LARGEST: f64 = 90.0;
const SMALLEST: f64 = 5.0;
/// Words shown at a time.
const WORDS: usize = 20;

/// The drawing.
pub(crate) fn draw(spoken: &str, topics: &[MapTopic], lambda: f64) -> Drawing {
    if topics.is_empty() {
        return super::nothing("No topics to draw.");
    }
    let lambda = if lambda.is_finite() { lambda.clamp(0.0, 1.0) } else { 0.6 };
    let words: Vec<_> = topics.iter().map(|topic| told(topic)).collect();
    let data = serde_json::to_string(&words).unwrap_or_default();
    let slider = Element::new("input")
        .attr("type", "range")
        .attr("min", "0")
        .attr("max", "1")
        .attr("step", "0.05")
        .attr("value", format!("{lambda:.2}"))
        .attr("disabled", "disabled")
        .attr("aria-label", "lambda, the weight of probability beside lift");
    let weigh = Element::new("div")
        .class("weigh")
        .child(Element::with_text("span", "λ"))
        .child(slider)
        .child(Element::with_text("output", format!("{lambda:.2}")));
    let beside = Element::new("div")
        .child(Element::with_text("h3", heading(&topics[0])).class("chosen"))
        .child(weigh)
        .child(list(&topics[0], lambda));
    let map = Element::new("div")
        .class("topic-map")
        .attr("data-topics", data)
        .attr("data-words", WORDS.to_string())
        .child(circles(spoken, topics))
        .child(beside);
    Drawing { is_wide: true, ..Drawing::new(map) }
}

fn heading(topic: &MapTopic) -> String {
    format!("Topic {}, {} % of all words", topic.name, number((1000.0 * topic.share).round() / 10.0))
}

/// What a word is if it can be shown.
fn shown(word: &MapWord) -> bool {
    let is_share = |x: f64| x.is_finite() && x > 0.0;
    is_share(word.probability) && is_share(word.share)
}

/// A topic as the script reads it.
fn told(topic: &MapTopic) -> serde_json::Value {
    let words = topic.words.iter().filter(|word| shown(word));
    let words: Vec<_> =
        words.map(|word| json!({"name": word.name, "p": word.probability, "q": word.share})).collect();
    let share = if topic.share.is_finite() { topic.share } else { 0.0 };
    json!({"title": heading(topic), "share": share, "words": words})
}

/// The words of a topic, as the script will draw them again.
fn list(topic: &MapTopic, lambda: f64) -> Element {
    let relevance = |word: &MapWord| {
        lambda * word.probability.ln() + (1.0 - lambda) * (word.probability / word.share).ln()
    };
    let mut words: Vec<&MapWord> = topic.words.iter().filter(|word| shown(word)).collect();
    words.sort_by(|a, b| relevance(b).total_cmp(&relevance(a)));
    words.truncate(WORDS);
    let share = if topic.share.is_finite() { topic.share } else { 0.0 };
    let own = |word: &MapWord| (word.probability * share).max(0.0);
    let most = words.iter().fold(f64::MIN_POSITIVE, |most, word| most.max(word.share).max(own(word)));
    let bar = |class: &str, value: f64| {
        let width = (100.0 * (value / most)).clamp(0.0, 100.0);
        Element::new("span").class(class).attr("style", format!("width: {width:.2}%"))
    };
    let row = |word: &&MapWord| {
        let track =
            Element::new("span").class("track").child(bar("all", word.share)).child(bar("own", own(word)));
        let name = Element::with_text("span", cut(&word.name, 40)).class("word");
        Element::new("li").attr("title", word.name.as_str()).child(name).child(track)
    };
    Element::new("ol").class("words-of").children(words.iter().map(row))
}

/// The plane: circles whose areas are shares, each with its number.
fn circles(spoken: &str, topics: &[MapTopic]) -> Element {
    let axis = Axis::default();
    let across = Scale::new(&axis, topics.iter().map(|topic| topic.at.0), Reach::Padded, 4);
    let up = Scale::new(&axis, topics.iter().map(|topic| topic.at.1), Reach::Padded, 4);
    let edge = 48.0;
    let (across, up) = (across.across(edge, SIDE - edge), up.across(SIDE - edge, edge));
    let middle = SIDE / 2.0;
    let mut body = axis::sheet(SIDE, SIDE, spoken)
        .child(axis::segment("grid", middle, 0.0, middle, SIDE))
        .child(axis::segment("grid", 0.0, middle, SIDE, middle));
    for (k, topic) in topics.iter().enumerate() {
        let (x, y) = (across.pixel(topic.at.0).unwrap_or(middle), up.pixel(topic.at.1).unwrap_or(middle));
        let share = if topic.share.is_finite() { topic.share.clamp(0.0, 1.0) } else { 0.0 };
        let radius = (LARGEST * share.sqrt()).max(SMALLEST);
        let class = if k == 0 { "topic now" } else { "topic" };
        let circle = Element::new("circle").at("cx", x).at("cy", y).at("r", radius);
        let label = axis::text("label mid", x, y + 4.0, &cut(&topic.name, 6));
        let group = Element::new("g").class(class).attr("tabindex", "0").child(circle).child(label);
        body = body.child(group.tooltip(heading(topic)));
    }
    body
}
