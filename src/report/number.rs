//! Numbers as people read them: four significant digits, grouped thousands, powers of ten as powers of ten.

/// A value in about four significant digits: `1,797`, `0.0831`, `2.31×10⁻⁷`; a dash for what is missing. Zeros
/// at the end are kept where they are digits of a longer number: 2.00004 is `2.000`, 2 is `2`.
pub fn number(value: f64) -> String {
    if value.is_nan() {
        return "–".to_string();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞" } else { "−∞" }.to_string();
    }
    if value == 0.0 {
        return "0".to_string();
    }
    let magnitude = value.abs().log10().floor() as i32;
    if value.fract() == 0.0 && magnitude < 7 {
        return fixed(value, 0);
    }
    if !(-4..7).contains(&magnitude) {
        let (mantissa, exponent) = parts(value, 3);
        return format!("{}×10{}", trimmed(fixed(mantissa, 3)), superscript(exponent));
    }
    let decimals = (3 - magnitude).max(0) as usize;
    let scale = 10f64.powi(decimals as i32);
    let is_exact = (value * scale).round() / scale == value;
    let digits = fixed(value, decimals);
    if is_exact { trimmed(digits) } else { digits }
}

/// Values of one column, all with as many decimals as give the largest of them so many significant digits.
pub(crate) fn alike(values: &[f64], digits: i32) -> Vec<String> {
    let largest = values.iter().filter(|v| v.is_finite()).fold(0.0, |largest: f64, v| largest.max(v.abs()));
    let magnitude = if largest > 0.0 { largest.log10().floor() as i32 } else { 0 };
    if !(-4..7).contains(&magnitude) {
        return values.iter().map(|&value| number(value)).collect();
    }
    let is_whole = values.iter().all(|v| !v.is_finite() || v.fract() == 0.0);
    let decimals = if is_whole { 0 } else { (digits - 1 - magnitude).max(0) as usize };
    let written = |&value: &f64| if value.is_finite() { fixed(value, decimals) } else { number(value) };
    values.iter().map(written).collect()
}

/// A value with this many decimals, thousands grouped by commas, and a real minus sign.
pub(crate) fn fixed(value: f64, decimals: usize) -> String {
    let digits = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits.as_str(), None),
    };
    let is_zero = digits.chars().all(|c| c == '0' || c == '.');
    let mut text = String::from(if value < 0.0 && !is_zero { "−" } else { "" });
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

/// `-12` as `⁻¹²`.
pub(crate) fn superscript(exponent: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let raised = |c: char| c.to_digit(10).map_or('⁻', |digit| DIGITS[digit as usize]);
    exponent.to_string().chars().map(raised).collect()
}

/// Whether a cell of a table reads as a number (and so is set flush right).
pub(crate) fn reads_as_number(cell: &str) -> bool {
    let known = |c: char| c.is_ascii_digit() || "+-−–.,eE%×⁰¹²³⁴⁵⁶⁷⁸⁹⁻ ±".contains(c);
    let named = ["–", "-", "∞", "−∞", "-inf", "inf", "nan", "NaN"];
    named.contains(&cell) || (cell.chars().all(known) && cell.contains(|c: char| c.is_ascii_digit()))
}

/// Mantissa and decimal exponent, such that the mantissa rounded to `decimals` stays below ten.
fn parts(value: f64, decimals: usize) -> (f64, i32) {
    let written = format!("{value:.decimals$e}");
    let (mantissa, exponent) = written.split_once('e').expect("the format {:e} writes an exponent");
    let mantissa = mantissa.parse().expect("the format {:e} writes a mantissa");
    (mantissa, exponent.parse().expect("the format {:e} writes a whole exponent"))
}

/// Without the zeros that end a fraction.
fn trimmed(text: String) -> String {
    if !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}
