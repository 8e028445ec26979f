//! Reports: pages are well formed and self-contained whatever they are given, pictures hold the values they show,
//! and terminal tables align.

mod any;
mod reading;
mod text;

use diabolo::figure::{Axis, Colours, Figure, MapTopic, MapWord, Panel, Plot, Series};
use diabolo::report::{Metric, Summary, html};
use reading::{Page, checked, decoded};

fn one(plot: Plot) -> Page {
    checked(&Summary::default(), &[Figure::new("Title", "Caption.", plot)])
}

fn lines(x: Axis, y: Axis, series: Vec<Series>) -> Page {
    one(Plot::Lines { x, y, series })
}

fn heat_map(rows: usize, cols: usize, values: Vec<f64>, colours: Colours) -> Plot {
    Plot::HeatMap { rows, cols, values, row_names: Vec::new(), col_names: Vec::new(), colours }
}

fn brightness(pixel: [u8; 4]) -> u32 {
    2 * u32::from(pixel[0]) + 5 * u32::from(pixel[1]) + u32::from(pixel[2])
}

#[test]
fn every_string_is_escaped() {
    let evil = "<script>alert(\"1\" + '&amp;')</script>\u{0}\u{1b}[31m";
    let seen = "<script>alert(\"1\" + '&amp;')</script>\u{fffd}\u{fffd}[31m";
    let name = || evil.to_string();
    let series = vec![Series::counted(evil, vec![1.0, 2.0])];
    let plots = [
        Plot::Lines { x: Axis::linear(evil), y: Axis::log(evil), series: series.clone() },
        Plot::Scatter { x: Axis::linear(evil), y: Axis::linear(evil), series },
        Plot::Bars { x: Axis::linear(evil), bars: vec![(name(), 1.0)] },
        Plot::HeatMap {
            rows: 1,
            cols: 1,
            values: vec![1.0],
            row_names: vec![name()],
            col_names: vec![name()],
            colours: Colours::Sequential,
        },
        Plot::Images {
            height: 1,
            width: 1,
            pictures: vec![(name(), vec![1.0])],
            per_row: 1,
            range: None,
            colours: Colours::Light,
        },
        Plot::Table { header: vec![name()], rows: vec![vec![name()]] },
        Plot::Panels {
            x: Axis::linear(evil),
            panels: vec![Panel { title: name(), bars: vec![(name(), 1.0)] }],
        },
        Plot::Shares { parts: vec![name()], shares: vec![1.0], groups: vec![(name(), 1)] },
        Plot::TopicMap {
            topics: vec![MapTopic {
                name: name(),
                at: (0.0, 0.0),
                share: 1.0,
                words: vec![MapWord { name: name(), probability: 1.0, share: 1.0 }],
            }],
            lambda: 0.6,
        },
    ];
    let figures: Vec<Figure> = plots.into_iter().map(|plot| Figure::new(evil, evil, plot)).collect();
    let summary = Summary {
        title: name(),
        model: name(),
        description: name(),
        metrics: vec![Metric { name: name(), value: name(), hint: name() }],
        parameters: vec![(name(), name())],
        data: name(),
        stop: name(),
        warnings: vec![name()],
        command: name(),
    };
    let page = checked(&summary, &figures);
    // Thirteen in the summary (the title twice), title and caption of six figures, and those of the plots.
    assert!(page.text.matches(seen).count() >= 13 + 12 + 8, "{}", page.text.matches(seen).count());
}

#[test]
fn figures_without_data_say_so() {
    let axis = || Axis::linear("x");
    let silent = Series { name: "gone".into(), x: vec![f64::NAN, 1.0], y: vec![1.0, f64::INFINITY] };
    for series in [vec![], vec![Series::counted("none", vec![])], vec![silent]] {
        let text = "no finite values to draw";
        assert!(lines(axis(), axis(), series.clone()).text.contains(text));
        assert!(one(Plot::Scatter { x: axis(), y: axis(), series }).text.contains(text));
    }
    assert!(one(Plot::Bars { x: axis(), bars: vec![] }).text.contains("No bars"));
    assert!(one(heat_map(0, 3, vec![], Colours::Diverging)).text.contains("An empty matrix"));
    assert!(one(Plot::Table { header: vec![], rows: vec![] }).text.contains("An empty table"));
    let none = Plot::Images {
        height: 8,
        width: 8,
        pictures: vec![],
        per_row: 0,
        range: None,
        colours: Colours::Sequential,
    };
    assert!(one(none).text.contains("No pictures"));
}

#[test]
fn lines_break_at_gaps() {
    let y = vec![1.0, 2.0, f64::NAN, 3.0, f64::NAN, 4.0, 5.0, 6.0];
    let page = lines(Axis::linear("x"), Axis::linear("y"), vec![Series::counted("", y.clone())]);
    let path = page.attributes("d").next().expect("a curve");
    assert_eq!((path.matches('M').count(), path.matches('L').count()), (2, 3));
    assert_eq!(page.count("circle"), 6, "every finite point is marked, the lonely one too");

    // On a logarithmic axis what is not positive is a gap as well.
    let y = y.iter().map(|y| y - 2.0).collect();
    let page = lines(Axis::linear("x"), Axis::log("y"), vec![Series::counted("", y)]);
    assert_eq!(page.count("circle"), 4);
}

#[test]
fn a_long_line_keeps_its_extremes() {
    let y: Vec<f64> =
        (0..100_000).map(|i| if i == 51_234 { 7.0 } else { f64::from(i % 10) / 10.0 }).collect();
    let page = lines(Axis::linear("x"), Axis::linear("y"), vec![Series::counted("", y)]);
    let path = page.attributes("d").next().expect("a curve");
    assert!(path.len() < 60_000, "{} bytes", path.len());
    let heights = path.split(['M', 'L']).skip(1).map(|p| p.split(' ').nth(1).expect("x y").parse::<f64>());
    let highest = heights.map(|y| y.expect("a number")).fold(f64::INFINITY, f64::min);
    assert!(highest < 45.0, "the one peak stands at the top of the sheet: {highest}");
}

#[test]
fn ticks_are_round_numbers() {
    let ticks = |x: Axis, values: Vec<f64>| -> Vec<String> {
        let series = vec![Series { name: String::new(), y: vec![1.0; values.len()], x: values }];
        let page =
            html(&Summary::default(), &[Figure::new("", "", Plot::Lines { x, y: Axis::default(), series })]);
        let labels = page.split("class=\"tick mid\"").skip(1);
        labels.map(|l| l[l.find('>').expect(">") + 1..l.find('<').expect("<")].to_string()).collect()
    };
    assert_eq!(ticks(Axis::linear(""), vec![0.0, 100.0]), ["0", "20", "40", "60", "80", "100"]);
    assert_eq!(
        ticks(Axis::linear(""), vec![-0.3, 0.3]),
        ["−0.3", "−0.2", "−0.1", "0.0", "0.1", "0.2", "0.3"]
    );
    assert_eq!(ticks(Axis::linear(""), vec![0.0, 3e9]), ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5", "3.0"]);
    assert_eq!(ticks(Axis::linear(""), vec![0.29, 1.24]), ["0.4", "0.6", "0.8", "1.0", "1.2"]);
    assert_eq!(ticks(Axis::linear("iteration"), vec![1.0, 2.0]), ["1", "2"], "no 1.2 of an iteration");
    assert_eq!(ticks(Axis::log(""), vec![1e-3, 1e2]), ["0.001", "0.01", "0.1", "1", "10", "100"]);
    assert_eq!(ticks(Axis::log(""), vec![1e-4, 1.0]), ["10⁻⁴", "10⁻³", "10⁻²", "10⁻¹", "10⁰"]);
    assert_eq!(
        ticks(Axis::log(""), vec![1e-30, 1e-2]),
        ["10⁻²⁸", "10⁻²⁴", "10⁻²⁰", "10⁻¹⁶", "10⁻¹²", "10⁻⁸", "10⁻⁴"]
    );
    assert_eq!(ticks(Axis::log(""), vec![250.0, 370.0]), ["260", "280", "300", "320", "340", "360"]);
    assert_eq!(ticks(Axis::log(""), vec![1.0, 60.0]), ["1", "2", "5", "10", "20", "50"]);
}

#[test]
fn a_cloud_becomes_a_picture_of_every_group() {
    let n = 100_000;
    let spiral = |turn: f64| -> Series {
        let angle = |i: usize| i as f64 * 0.01 + turn;
        let x = (0..n).map(|i| i as f64 * angle(i).cos()).collect();
        Series { name: format!("arm {turn}"), x, y: (0..n).map(|i| i as f64 * angle(i).sin()).collect() }
    };
    let plot =
        Plot::Scatter { x: Axis::linear("x"), y: Axis::linear("y"), series: vec![spiral(0.0), spiral(2.0)] };
    let size = html(&Summary::default(), &[Figure::new("", "", plot.clone())]).len();
    assert!(size < 300_000, "{size} bytes");
    let page = one(plot);
    assert_eq!((page.count("mask"), page.count("circle")), (2, 2), "the two circles are the legend's");
    for address in page.attributes("href") {
        let (_, _, pixels) = decoded(address);
        assert!(pixels.iter().filter(|pixel| pixel[0] > 0).count() > 10_000);
    }
}

#[test]
fn pictures_hold_their_values_and_stay_small() {
    let n = 28 * 28;
    let noise = |k: usize| (0..n).map(|i| ((i * 7919 + k * 104_729) % 1009) as f64).collect();
    let pictures: Vec<(String, Vec<f64>)> = (0..64).map(|k| (format!("basis {k}"), noise(k))).collect();
    let plot = |pictures, range, colours| Plot::Images {
        height: 28,
        width: 28,
        pictures,
        per_row: 8,
        range,
        colours,
    };
    let noisy = plot(pictures, None, Colours::Diverging);
    let size = html(&Summary::default(), &[Figure::new("", "", noisy)]).len();
    assert!(size < 300_000, "{size} bytes");

    let mut ladder: Vec<f64> = (0..n).map(|i| i as f64).collect();
    ladder[5] = f64::NAN;
    for colours in [Colours::Sequential, Colours::Light] {
        let range = Some((0.0, n as f64 - 1.0));
        let page = one(plot(vec![("ladder".into(), ladder.clone())], range, colours));
        // The first picture is the colour scale's strip.
        let (width, height, pixels) = decoded(page.attributes("src").nth(1).expect("a picture"));
        assert_eq!((width, height), (28, 28));
        assert!(!pixels[6..].contains(&pixels[5]), "what is missing has a colour of its own");
        assert!(page.text.contains("pixels are missing."));
        let known: Vec<u32> = [&pixels[..5], &pixels[6..]].concat().into_iter().map(brightness).collect();
        let is_light = colours == Colours::Light;
        assert!(known.windows(2).all(|pair| if is_light { pair[0] <= pair[1] } else { pair[0] >= pair[1] }));
        assert!(known.iter().max() > known.iter().min().map(|darkest| darkest + 1500).as_ref());
    }
}

#[test]
fn a_large_matrix_is_averaged_by_blocks() {
    // Left half 0, right half 1, on 3000 rows: each pixel stands for 3 rows and 1 column.
    let values = (0..3000 * 10).map(|i| if i % 10 < 5 { 0.0 } else { 1.0 }).collect();
    let page = one(heat_map(3000, 10, values, Colours::Diverging));
    assert!(page.text.contains("3 × 1 cells"), "{}", page.text);
    let (width, height, pixels) = decoded(page.attributes("href").next().expect("a picture"));
    assert_eq!((width, height), (10, 1000));
    let paper = brightness(pixels[0]);
    assert!(paper > 1900, "zero is the colour of paper: {paper}");
    assert!(pixels.chunks(10).all(|row| row[..5] == pixels[..5] && row[5..] == pixels[5..10]));
    assert!(brightness(pixels[9]) < 800);
}

#[test]
fn figures_come_back_from_json_with_their_gaps() {
    let gaps = || vec![1.5, f64::NAN, -2.0];
    let series = vec![Series { name: "a".into(), x: gaps(), y: gaps() }];
    let plots = [
        Plot::Lines { x: Axis::linear("x"), y: Axis::log("y"), series },
        Plot::Bars { x: Axis::linear("x"), bars: vec![("a".into(), 0.5), ("gone".into(), f64::NAN)] },
        heat_map(1, 3, gaps(), Colours::Diverging),
        Plot::Images {
            height: 1,
            width: 3,
            pictures: vec![("a".into(), gaps())],
            per_row: 1,
            range: None,
            colours: Colours::Sequential,
        },
    ];
    let figures: Vec<Figure> = plots.into_iter().map(|plot| Figure::new("Title", "Caption.", plot)).collect();
    let written = serde_json::to_string(&figures).expect("figures are plain data");
    let again: Vec<Figure> = serde_json::from_str(&written).expect("what was written");
    assert_eq!(html(&Summary::default(), &again), html(&Summary::default(), &figures));
}
