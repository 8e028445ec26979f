//! Colours: ramps whose lightness falls evenly, computed in OKLab from a few anchors, and the groups' palette.
//!
//! OKLab (Ottosson 2020) is a space in which equal steps look about equal. A ramp is a path through its anchors,
//! walked such that the lightness L changes by the same amount each step: equal differences of value then look
//! equally large, to colour-blind readers and in a black-and-white print too.

use crate::figure::Colours;

/// Red, green and blue, 0 to 255 in sRGB.
pub(crate) type Rgb = [u8; 3];

/// How many groups have a colour of their own (the classes `s1` to `s16` of the style sheet).
pub(crate) const N_GROUPS: usize = 16;

/// Steps of a ramp: odd, so that a diverging one has its paper-coloured middle.
pub(crate) const N_STEPS: usize = 129;

/// From paper by green and blue to ink.
const SEQUENTIAL: [Rgb; 7] = [
    [252, 253, 252],
    [201, 234, 213],
    [104, 199, 173],
    [52, 152, 170],
    [55, 97, 155],
    [51, 43, 97],
    [17, 10, 28],
];
/// The negative arm of the diverging ramp, from paper outwards.
const BELOW: [Rgb; 4] = [[250, 250, 250], [135, 184, 222], [45, 118, 181], [15, 50, 98]];
/// Its positive arm.
const ABOVE: [Rgb; 4] = [[250, 250, 250], [245, 172, 104], [202, 95, 26], [96, 36, 8]];

/// The steps of a colour scale, from its lowest value to its highest.
pub(crate) fn ramp(colours: Colours) -> Vec<Rgb> {
    match colours {
        Colours::Sequential => (0..N_STEPS).map(|i| along(&SEQUENTIAL, share(i, N_STEPS))).collect(),
        // A photograph's values are encoded for the screen already.
        Colours::Light => (0..N_STEPS).map(|i| [(255.0 * share(i, N_STEPS)).round() as u8; 3]).collect(),
        Colours::Diverging => {
            let half = N_STEPS / 2;
            let below = (0..half).map(|i| along(&BELOW, 1.0 - share(i, half + 1)));
            let above = (0..=half).map(|i| along(&ABOVE, share(i, half + 1)));
            below.chain(above).collect()
        }
    }
}

/// What is missing, in a colour of no ramp.
pub(crate) fn missing(colours: Colours) -> Rgb {
    if colours == Colours::Light { [226, 150, 140] } else { [193, 193, 190] }
}

/// The step of a value within (low, high), `None` for one that is not finite.
pub(crate) fn step(value: f64, low: f64, high: f64) -> Option<usize> {
    if !value.is_finite() {
        return None;
    }
    // Halved, so that the difference of two huge values is finite.
    let span = high / 2.0 - low / 2.0;
    let place = if span > 0.0 { (value / 2.0 - low / 2.0) / span } else { 0.0 };
    Some((place.clamp(0.0, 1.0) * (N_STEPS - 1) as f64).round() as usize)
}

/// The values at the two ends of a scale that shows these: from zero (or the minimum, where it is negative) for
/// quantities, the same distance to both sides of zero for signed values, from minimum to maximum for light
/// (zero, if the two are one).
pub(crate) fn limits(colours: Colours, values: impl Iterator<Item = f64>) -> (f64, f64) {
    let fold = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
    let (low, high) = values.filter(|v| v.is_finite()).fold((f64::INFINITY, f64::NEG_INFINITY), fold);
    let (low, high) = match colours {
        _ if low > high => (0.0, 0.0),
        Colours::Light if low < high => (low, high),
        Colours::Sequential | Colours::Light => (low.min(0.0), high.max(low.min(0.0))),
        Colours::Diverging => (-low.abs().max(high.abs()), low.abs().max(high.abs())),
    };
    match colours {
        _ if low < high => (low, high),
        Colours::Diverging => (-1.0, 1.0),
        _ if low < 0.0 => (low, 0.0),
        _ => (0.0, 1.0),
    }
}

/// `#rrggbb`.
pub(crate) fn hex([red, green, blue]: Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// The lightness L of OKLab, 0 black to 1 white.
pub(crate) fn lightness(colour: Rgb) -> f64 {
    oklab(colour)[0]
}

fn share(i: usize, n: usize) -> f64 {
    i as f64 / (n - 1) as f64
}

/// The point of a path of ever lighter or ever darker anchors whose lightness lies `t` of the way.
fn along(anchors: &[Rgb], t: f64) -> Rgb {
    let path: Vec<[f64; 3]> = anchors.iter().map(|&anchor| oklab(anchor)).collect();
    let (first, last) = (path[0][0], path[path.len() - 1][0]);
    let wanted = first + t * (last - first);
    let passed = |pair: &[[f64; 3]]| (wanted - pair[1][0]) * (last - first) <= 0.0;
    let pair = path.windows(2).find(|pair| passed(pair)).unwrap_or(&path[path.len() - 2..]);
    let within = ((wanted - pair[0][0]) / (pair[1][0] - pair[0][0])).clamp(0.0, 1.0);
    srgb([0, 1, 2].map(|c| pair[0][c] + within * (pair[1][c] - pair[0][c])))
}

/// sRGB to OKLab: to linear light, to cone responses, cube roots, to L, a, b.
fn oklab(colour: Rgb) -> [f64; 3] {
    let [r, g, b] = colour.map(|channel| {
        let encoded = f64::from(channel) / 255.0;
        if encoded <= 0.04045 { encoded / 12.92 } else { ((encoded + 0.055) / 1.055).powf(2.4) }
    });
    let l = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b).cbrt();
    let m = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b).cbrt();
    let s = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b).cbrt();
    [
        0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
        1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
        0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s,
    ]
}

/// OKLab to sRGB, the nearest representable colour.
fn srgb([lightness, a, b]: [f64; 3]) -> Rgb {
    let l = (lightness + 0.3963377774 * a + 0.2158037573 * b).powi(3);
    let m = (lightness - 0.1055613458 * a - 0.0638541728 * b).powi(3);
    let s = (lightness - 0.0894841775 * a - 1.2914855480 * b).powi(3);
    let linear = [
        4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
        -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
        -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
    ];
    linear.map(|light| {
        let light = light.clamp(0.0, 1.0);
        let encoded = if light <= 0.0031308 { 12.92 * light } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 };
        (encoded * 255.0).round() as u8
    })
}
