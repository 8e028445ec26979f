//! Frames a second as people write them.

use crate::error::{Error, Result};

/// Digits behind the point that are read.
const DIGITS: usize = 6;

/// `60`, `59.94`, `60000/1001` or `60000:1001`: frames in so many seconds.
/// # Errors
/// [`Error::Parameter`] for what is none of these, or 0.
pub fn of_text(name: &str, text: &str) -> Result<(u64, u64)> {
    let wrong = || {
        Error::parameter(
            name,
            format!("`{text}` is no number of frames a second; write 60, 59.94 or 60000/1001"),
        )
    };
    let rate = match text.split_once(['/', ':']) {
        Some((frames, seconds)) => {
            (frames.parse().map_err(|_| wrong())?, seconds.parse().map_err(|_| wrong())?)
        }
        None => {
            let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
            let is_digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
            if !is_digits(whole) || !is_digits(rest) || rest.len() > DIGITS || whole.len() + rest.len() == 0 {
                return Err(wrong());
            }
            let frames: u64 = format!("{whole}{rest}").parse().map_err(|_| wrong())?;
            (frames, 10_u64.pow(rest.len() as u32))
        }
    };
    if rate.0 == 0 || rate.1 == 0 { Err(wrong()) } else { Ok(rate) }
}
