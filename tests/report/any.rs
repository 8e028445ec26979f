//! Whatever is given, a page comes out whole.

use diabolo::figure::{Axis, Colours, Figure, MapTopic, MapWord, Panel, Picture, Plot, Series};
use diabolo::report::{Summary, text};
use proptest::prelude::*;

use super::reading::checked;

fn any_value() -> impl Strategy<Value = f64> {
    let special = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        5e-324,
        0.0,
        -0.0,
    ];
    prop_oneof![3 => -10.0..10.0, 2 => any::<f64>(), 1 => prop::sample::select(special.to_vec())]
}

fn any_values(n: usize) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(any_value(), 0..=n)
}

fn any_axis() -> impl Strategy<Value = Axis> {
    (".{0,6}", any::<bool>()).prop_map(|(label, log)| Axis { label, log })
}

fn any_series() -> impl Strategy<Value = Vec<Series>> {
    let one = (".{0,40}", any_values(12), any_values(12)).prop_map(|(name, x, y)| Series { name, x, y });
    prop::collection::vec(one, 0..30)
}

fn any_colours() -> impl Strategy<Value = Colours> {
    prop::sample::select(vec![Colours::Sequential, Colours::Diverging, Colours::Light])
}

fn any_names() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(".{0,40}", 0..8)
}

/// Any plot at all, also one whose parts do not fit together.
fn any_plot() -> impl Strategy<Value = Plot> {
    let lines =
        (any_axis(), any_axis(), any_series()).prop_map(|(x, y, series)| Plot::Lines { x, y, series });
    let points =
        (any_axis(), any_axis(), any_series()).prop_map(|(x, y, series)| Plot::Scatter { x, y, series });
    let bar = (".{0,40}", any_value());
    let bars = (any_axis(), prop::collection::vec(bar, 0..100)).prop_map(|(x, bars)| Plot::Bars { x, bars });
    let map = (0..70_usize, 0..70_usize, any_values(200), any_names(), any_names(), any_colours());
    let map = map.prop_map(|(rows, cols, values, row_names, col_names, colours)| Plot::HeatMap {
        rows,
        cols,
        values,
        row_names,
        col_names,
        colours,
    });
    let pictures = prop::collection::vec((".{0,40}", any_values(20)), 0..6);
    let range = prop::option::of((any_value(), any_value()));
    let images = (0..9_usize, 0..9_usize, pictures, 0..9_usize, range, any_colours());
    let images = images.prop_map(|(height, width, pictures, per_row, range, colours)| Plot::Images {
        height,
        width,
        pictures,
        per_row,
        range,
        colours,
    });
    let maps = prop::collection::vec((".{0,40}", any_values(20)), 0..6);
    let range = prop::option::of((any_value(), any_value()));
    let spots = (any_values(20), any_values(20), maps, any_names(), range, any_colours());
    let spots = spots.prop_map(|(x, y, maps, groups, range, colours)| Plot::Spots {
        x,
        y,
        maps,
        groups,
        range,
        colours,
    });
    let panel = (".{0,40}", prop::collection::vec((".{0,40}", any_value()), 0..12));
    let panels = prop::collection::vec(panel.prop_map(|(title, bars)| Panel { title, bars }), 0..6);
    let panels = (any_axis(), panels).prop_map(|(x, panels)| Plot::Panels { x, panels });
    let groups = prop::collection::vec((".{0,40}", 0..20_usize), 0..6);
    let shares = (any_names(), any_values(60), groups).prop_map(|(parts, shares, groups)| Plot::Shares {
        parts,
        shares,
        groups,
    });
    let word = (".{0,40}", any_value(), any_value());
    let word = word.prop_map(|(name, probability, share)| MapWord { name, probability, share });
    let topic = (".{0,40}", (any_value(), any_value()), any_value(), prop::collection::vec(word, 0..9));
    let topic = topic.prop_map(|(name, at, share, words)| MapTopic { name, at, share, words });
    let topics = (prop::collection::vec(topic, 0..6), any_value())
        .prop_map(|(topics, lambda)| Plot::TopicMap { topics, lambda });
    let table = (any_names(), prop::collection::vec(any_names(), 0..6));
    let table = table.prop_map(|(header, rows)| Plot::Table { header, rows });
    let photographs = (any_names(), any_names()).prop_map(|(names, files)| Plot::Pictures {
        pictures: names
            .into_iter()
            .zip(files)
            .map(|(name, png)| Picture { name, height: 3, width: 4, png })
            .collect(),
        per_row: 2,
    });
    prop_oneof![lines, points, bars, panels, shares, topics, map, images, photographs, spots, table]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_figure_can_be_drawn(title in ".{0,40}", caption in ".{0,40}", plots in prop::collection::vec(any_plot(), 0..4)) {
        let figures: Vec<Figure> = plots.into_iter().map(|plot| Figure::new(title.as_str(), caption.as_str(), plot)).collect();
        let page = checked(&Summary::default(), &figures);
        prop_assert_eq!(page.attributes("id").filter(|id| id.starts_with("figure-")).count(), figures.len());
    }

    #[test]
    fn any_terminal_table_can_be_written(header in any_names(), rows in prop::collection::vec(any_names(), 0..6), width in prop::option::of(0..80_usize)) {
        let written = text::table(&header, &rows, width);
        prop_assert_eq!(written.lines().count(), rows.len() + 2);
    }

    #[test]
    fn any_sparkline_can_be_written(values in any_values(50), width in 0..20_usize) {
        prop_assert_eq!(text::sparkline(&values, width).chars().count(), values.len().min(width));
    }
}
