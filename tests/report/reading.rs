//! Reading a page back: a strict reader of its markup, and its pictures as pixels.

use diabolo::figure::{Figure, Plot};
use diabolo::report::{Summary, html};

/// Elements, attributes and text of a page, which [`read`] has found well formed.
pub struct Page {
    /// Name and attributes of each element, in order.
    elements: Vec<(String, Vec<(String, String)>)>,
    /// All text between tags, entities resolved.
    pub text: String,
}

impl Page {
    pub fn attributes<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let all = self.elements.iter().flat_map(|(_, attributes)| attributes);
        all.filter(move |(attribute, _)| attribute == name).map(|(_, value)| value.as_str())
    }

    pub fn count(&self, element: &str) -> usize {
        self.elements.iter().filter(|(name, _)| name == element).count()
    }
}

/// Reads a page strictly as XML: every tag closed in order, attributes quoted and unique, no stray `<` or `&`.
fn read(page: &str) -> Page {
    let mut rest = page.strip_prefix("<!doctype html>\n").expect("a page starts with its doctype");
    let mut read = Page { elements: Vec::new(), text: String::new() };
    let mut open: Vec<String> = Vec::new();
    while let Some(start) = rest.find('<') {
        read.text.push_str(&resolved(&rest[..start]));
        let end = start + rest[start..].find('>').expect("a tag ends");
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "closed in the order opened");
            continue;
        }
        let inner = tag.strip_suffix('/').unwrap_or(tag);
        let (name, attributes) = inner.split_once(' ').unwrap_or((inner, ""));
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "element name {name:?}");
        read.elements.push((name.to_string(), attributes_of(attributes)));
        if !tag.ends_with('/') {
            open.push(name.to_string());
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    assert_eq!(rest.trim(), "");
    read
}

fn attributes_of(mut written: &str) -> Vec<(String, String)> {
    let mut attributes: Vec<(String, String)> = Vec::new();
    while !written.is_empty() {
        let (name, after) = written.split_once("=\"").expect("attributes are quoted");
        let (value, after) = after.split_once('"').expect("quotes are closed");
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "attribute name {name:?}");
        assert!(!attributes.iter().any(|(known, _)| known == name), "{name} twice");
        attributes.push((name.to_string(), resolved(value)));
        written = after.trim_start();
    }
    attributes
}

/// Text with its entities resolved; no other `&`, no `<`, no control characters may occur.
fn resolved(text: &str) -> String {
    let allowed = |c: char| c == '\n' || c == '\t' || !c.is_control();
    assert!(text.chars().all(allowed), "control character in {text:?}");
    let mut pieces = text.split('&');
    let mut plain = pieces.next().unwrap_or("").to_string();
    for piece in pieces {
        let (entity, after) = piece.split_once(';').expect("an entity ends");
        plain.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "#39" => '\'',
            _ => panic!("unknown entity {entity}"),
        });
        plain.push_str(after);
    }
    plain
}

/// A page that is well formed, refers to nothing outside itself, and has finite coordinates.
pub fn checked(summary: &Summary, figures: &[Figure]) -> Page {
    let page = read(&html(summary, figures));
    let has_map = figures.iter().any(|figure| matches!(figure.plot, Plot::TopicMap { .. }));
    assert_eq!(page.count("script"), usize::from(has_map));
    assert_eq!(page.attributes("src").filter(|address| !address.starts_with("data:")).count(), 0);
    for address in page.attributes("src").chain(page.attributes("href")) {
        assert!(address.starts_with("data:image/png;base64,"), "{address:.80}");
    }
    let ids: Vec<&str> = page.attributes("id").collect();
    for (i, id) in ids.iter().enumerate() {
        assert!(!ids[..i].contains(id), "{id} twice");
    }
    for reference in page.attributes("mask") {
        let id = reference.strip_prefix("url(#").and_then(|r| r.strip_suffix(')')).expect("a reference");
        assert!(ids.contains(&id));
    }
    let coordinates = ["x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "width", "height"];
    for value in coordinates.iter().flat_map(|name| page.attributes(name)) {
        let pixels: f64 = value.parse().expect("a coordinate is a number");
        assert!(pixels.is_finite() && pixels.abs() < 1e5, "{value}");
    }
    for path in page.attributes("d").chain(page.attributes("viewBox")).chain(page.attributes("transform")) {
        assert!(!path.contains("NaN") && !path.contains("inf"), "{path:.200}");
    }
    page
}

/// Width, height and the colour of every pixel, of a picture in a page.
pub fn decoded(address: &str) -> (usize, usize, Vec<[u8; 4]>) {
    let mut bytes = Vec::new();
    let (mut bits, mut n_bits) = (0_u32, 0);
    for c in address.strip_prefix("data:image/png;base64,").expect("a PNG").trim_end_matches('=').bytes() {
        let six = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => panic!("{c} is not of base 64"),
        };
        (bits, n_bits) = (bits << 6 | u32::from(six), n_bits + 6);
        if n_bits >= 8 {
            n_bits -= 8;
            bytes.push((bits >> n_bits) as u8);
        }
    }
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::ALPHA);
    let mut reader = decoder.read_info().expect("a PNG header");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a small picture")];
    let info = reader.next_frame(&mut pixels).expect("a PNG picture");
    let pixels = pixels[..info.buffer_size()].chunks_exact(4).map(|p| [p[0], p[1], p[2], p[3]]).collect();
    (info.width as usize, info.height as usize, pixels)
}
