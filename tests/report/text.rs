//! Numbers, tables and curves as text.

use diabolo::report::{number, text};

#[test]
fn numbers_read_well() {
    let cases = [
        (0.0, "0"),
        (-0.0, "0"),
        (1797.0, "1,797"),
        (1_234_567.0, "1,234,567"),
        (0.28291, "0.2829"),
        (1537.25, "1,537"),
        (-2.5, "−2.5"),
        (2.00004, "2.000"),
        (0.12, "0.12"),
        (2.314e-7, "2.314×10⁻⁷"),
        (9.9999e9, "1×10¹⁰"),
        (f64::NAN, "–"),
        (f64::NEG_INFINITY, "−∞"),
    ];
    for (value, expected) in cases {
        assert_eq!(number(value), expected);
    }
}

#[test]
fn terminal_tables_align() {
    let header = ["model", "objective", "what it is"];
    let rows = [
        vec!["nmf", "295,124.5", "sums of parts"],
        vec!["kmeans", "7", "one of k centres, a sentence of some length"],
        vec!["日本", "–", "wide\nletters"],
    ];
    let free = text::table(&header, &rows, None);
    let expected = "\
model   objective  what it is
──────  ─────────  ───────────────────────────────────────────
nmf     295,124.5  sums of parts
kmeans          7  one of k centres, a sentence of some length
日本            –  wide letters
";
    assert_eq!(free, expected);
    let narrow = text::table(&header, &rows, Some(40));
    assert!(narrow.lines().all(|line| line.chars().count() <= 40), "{narrow}");
    assert!(narrow.contains("one of k centres, a …"), "{narrow}");
    assert!(narrow.contains("295,124.5"), "numbers are never cut");
}

#[test]
fn sparklines_follow_their_values() {
    let up: Vec<f64> = (0..8).map(f64::from).collect();
    assert_eq!(text::sparkline(&up, 8), "▁▂▃▄▅▆▇█");
    assert_eq!(text::sparkline(&[2.0, f64::NAN, 2.0], 8), "▁ ▁");
    assert_eq!(text::sparkline(&[f64::MIN, f64::MAX], 8), "▁█");
    assert_eq!(text::sparkline(&[], 8), "");
    let fall: Vec<f64> = (0..1000).map(|i| -f64::from(i)).collect();
    assert_eq!(text::sparkline(&fall, 4), "█▆▃▁");
}
