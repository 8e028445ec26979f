//! Markup as a tree: elements are closed, text is escaped and coordinates are finite by construction, so that
//! no name out of a user's file can break (or script) a page.

use std::fmt::{self, Display, Write};

/// Elements that HTML never closes, and the leaves of SVG: written `<name .../>`.
const LEAVES: [&str; 11] =
    ["meta", "img", "input", "br", "rect", "circle", "line", "path", "image", "col", "hr"];

/// An element with its attributes and content.
#[derive(Clone, Debug)]
pub(crate) struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    content: Vec<Node>,
}

#[derive(Clone, Debug)]
enum Node {
    Element(Element),
    Text(String),
    /// Written as it is: the project's own style sheet and script, nothing else.
    Verbatim(&'static str),
}

impl Element {
    pub(crate) fn new(name: &'static str) -> Element {
        Element { name, attributes: Vec::new(), content: Vec::new() }
    }

    /// An element that holds nothing but text.
    pub(crate) fn with_text(name: &'static str, text: impl Into<String>) -> Element {
        Element::new(name).text(text)
    }

    pub(crate) fn attr(mut self, name: &'static str, value: impl Into<String>) -> Element {
        self.attributes.push((name, value.into()));
        self
    }

    pub(crate) fn class(self, value: impl Into<String>) -> Element {
        self.attr("class", value)
    }

    /// A coordinate or a length, in pixels.
    ///
    /// # Panics
    /// If it is not finite: scales return no position for what cannot be drawn.
    pub(crate) fn at(self, name: &'static str, pixels: f64) -> Element {
        self.attr(name, coordinate(pixels))
    }

    pub(crate) fn text(mut self, text: impl Into<String>) -> Element {
        self.content.push(Node::Text(text.into()));
        self
    }

    pub(crate) fn verbatim(mut self, text: &'static str) -> Element {
        self.content.push(Node::Verbatim(text));
        self
    }

    pub(crate) fn child(mut self, child: Element) -> Element {
        self.content.push(Node::Element(child));
        self
    }

    pub(crate) fn children(mut self, children: impl IntoIterator<Item = Element>) -> Element {
        self.content.extend(children.into_iter().map(Node::Element));
        self
    }

    /// What a pointer resting on the element shows, and what a screen reader says.
    pub(crate) fn tooltip(self, text: impl Into<String>) -> Element {
        self.child(Element::with_text("title", text))
    }
}

impl Display for Element {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "<{}", self.name)?;
        for (name, value) in &self.attributes {
            write!(out, " {name}=\"")?;
            escape(out, value)?;
            out.write_char('"')?;
        }
        if self.content.is_empty() && LEAVES.contains(&self.name) {
            return out.write_str("/>");
        }
        out.write_char('>')?;
        for node in &self.content {
            match node {
                Node::Element(element) => element.fmt(out)?,
                Node::Text(text) => escape(out, text)?,
                Node::Verbatim(text) => out.write_str(text)?,
            }
        }
        write!(out, "</{}>", self.name)
    }
}

/// Writes text so that it means itself in HTML, in XML and between double quotes. Control characters, which XML
/// cannot hold at all, become the replacement character.
fn escape(out: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for c in text.chars() {
        match c {
            '&' => out.write_str("&amp;")?,
            '<' => out.write_str("&lt;")?,
            '>' => out.write_str("&gt;")?,
            '"' => out.write_str("&quot;")?,
            '\'' => out.write_str("&#39;")?,
            '\t' | '\n' => out.write_char(c)?,
            '\u{fffe}' | '\u{ffff}' => out.write_char('\u{fffd}')?,
            _ if c.is_control() => out.write_char('\u{fffd}')?,
            _ => out.write_char(c)?,
        }
    }
    Ok(())
}

/// A coordinate with two decimals at most, written as short as it can be.
///
/// # Panics
/// If it is not finite.
pub(crate) fn coordinate(pixels: f64) -> String {
    assert!(pixels.is_finite(), "a coordinate must be finite");
    let rounded = (pixels * 100.0).round() / 100.0;
    format!("{}", if rounded == 0.0 { 0.0 } else { rounded })
}

/// The first `limit` characters of a name, the last of them an ellipsis where it was cut.
pub(crate) fn cut(name: &str, limit: usize) -> String {
    if name.chars().count() <= limit {
        return name.to_string();
    }
    name.chars().take(limit.saturating_sub(1)).chain(['…']).collect()
}
