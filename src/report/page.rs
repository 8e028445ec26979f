//! The page: a header with the key numbers, the figures in two columns, and how the run was made.

use super::markup::Element;
use super::plot::{self, Drawing};
use super::{Metric, Summary};
use crate::figure::{Figure, Plot};

const STYLE: &str = include_str!("page.css");
/// What the slider of a topic map does.
const TOPIC_MAP: &str = include_str!("topic_map.js");
/// Key numbers in a line, at the most.
const MOST_ACROSS: usize = 6;

/// The whole page.
pub(crate) fn page(summary: &Summary, figures: &[Figure]) -> String {
    let title = if summary.title.is_empty() { "Report" } else { &summary.title };
    let head = Element::new("head")
        .child(Element::new("meta").attr("charset", "utf-8"))
        .child(meta("viewport", "width=device-width, initial-scale=1"))
        .child(meta("color-scheme", "light dark"))
        .child(meta("generator", concat!("diabolo ", env!("CARGO_PKG_VERSION"))))
        .child(Element::with_text("title", title))
        .child(Element::new("style").verbatim(STYLE));
    let mut body =
        Element::new("body").child(header(summary, title)).child(main(figures)).child(footer(summary));
    if figures.iter().any(|figure| matches!(figure.plot, Plot::TopicMap { .. })) {
        body = body.child(Element::new("script").verbatim(TOPIC_MAP));
    }
    format!("<!doctype html>\n{}\n", Element::new("html").attr("lang", "en").child(head).child(body))
}

fn meta(name: &str, content: &str) -> Element {
    Element::new("meta").attr("name", name).attr("content", content)
}

fn header(summary: &Summary, title: &str) -> Element {
    let mut header = Element::new("header");
    if !summary.model.is_empty() {
        header = header.child(Element::with_text("p", summary.model.as_str()).class("model"));
    }
    header = header.child(Element::with_text("h1", title));
    if !summary.description.is_empty() {
        header = header.child(Element::with_text("p", summary.description.as_str()).class("lede"));
    }
    let facts = [("Data", &summary.data), ("Stopped", &summary.stop)];
    let facts: Vec<Element> = facts.into_iter().filter(|fact| !fact.1.is_empty()).map(fact).collect();
    if !facts.is_empty() {
        header = header.child(Element::new("dl").class("facts").children(facts));
    }
    for warning in &summary.warnings {
        let label = Element::with_text("strong", "Note");
        let warning =
            Element::new("p").class("warning").attr("role", "note").child(label).text(warning.as_str());
        header = header.child(warning);
    }
    if summary.metrics.is_empty() {
        return header;
    }
    // As many in every line, so that none stands alone in the last one.
    let n_cards = summary.metrics.len();
    let across = n_cards.div_ceil(n_cards.div_ceil(MOST_ACROSS));
    let cards = Element::new("dl").class("cards").attr("style", format!("--across: {across}"));
    header.child(cards.attr("aria-label", "Key numbers").children(summary.metrics.iter().map(card)))
}

fn fact((name, value): (&str, &String)) -> Element {
    let name = Element::with_text("dt", name);
    Element::new("div").child(name).child(Element::with_text("dd", value.as_str()))
}

fn card(metric: &Metric) -> Element {
    let card = Element::new("div")
        .child(Element::with_text("dt", metric.name.as_str()))
        .child(Element::with_text("dd", metric.value.as_str()).class("value"));
    if metric.hint.is_empty() {
        return card;
    }
    card.child(Element::with_text("dd", metric.hint.as_str()).class("hint"))
}

/// The figures: pairs of narrow ones side by side, wide ones and those without a partner over both columns.
fn main(figures: &[Figure]) -> Element {
    let drawings: Vec<Drawing> =
        figures.iter().enumerate().map(|(i, figure)| plot::draw(figure, i + 1)).collect();
    let mut main = Element::new("main");
    let mut waits_for_partner = false;
    for (i, (figure, drawing)) in figures.iter().zip(&drawings).enumerate() {
        let partner_follows = drawings.get(i + 1).is_some_and(|next| !next.is_wide);
        let layout = match drawing.is_wide {
            true => "wide",
            false if waits_for_partner || partner_follows => "half",
            false => "alone",
        };
        waits_for_partner = layout == "half" && !waits_for_partner;
        main = main.child(panel(figure, drawing, layout, i + 1));
    }
    main
}

fn panel(figure: &Figure, drawing: &Drawing, layout: &str, number: usize) -> Element {
    let heading = format!("figure-{number}");
    let caption = [figure.caption.as_str()].into_iter().chain(drawing.notes.iter().map(String::as_str));
    let caption: Vec<&str> = caption.filter(|sentence| !sentence.is_empty()).collect();
    let mut words = Element::new("div").class("words");
    words = words.child(Element::with_text("h2", figure.title.as_str()).attr("id", heading.as_str()));
    if !caption.is_empty() {
        words = words.child(Element::with_text("figcaption", caption.join(" ")));
    }
    let plot = Element::new("div").class("plot").children(drawing.legend.clone()).child(drawing.body.clone());
    Element::new("figure")
        .class(format!("panel {layout}"))
        .attr("aria-labelledby", heading)
        .child(words)
        .child(plot)
}

fn footer(summary: &Summary) -> Element {
    let mut footer = Element::new("footer");
    if !summary.command.is_empty() {
        let command = Element::new("pre").child(Element::with_text("code", summary.command.as_str()));
        footer = footer.child(Element::with_text("h2", "How it was made")).child(command);
    }
    if !summary.parameters.is_empty() {
        let row = |(name, value): &(String, String)| fact((name, value));
        let list = Element::new("dl").class("parameters").children(summary.parameters.iter().map(row));
        footer = footer.child(Element::with_text("h2", "Parameters")).child(list);
    }
    footer.child(
        Element::with_text("p", concat!("Made by diabolo ", env!("CARGO_PKG_VERSION"), ".")).class("made"),
    )
}
