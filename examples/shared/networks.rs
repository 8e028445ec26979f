//! What the examples of networks of rows read from their arguments.

use diabolo::models::network::Architecture;
use diabolo::{Error, Result};

/// The networks' layers by name, `mlp` if left out.
pub fn architecture(example: &str, name: Option<&String>) -> Result<Architecture> {
    match name.map(String::as_str) {
        None | Some("mlp") => Ok(Architecture::Mlp),
        Some("convolutional") => Ok(Architecture::Convolutional),
        Some(other) => Err(Error::parameter(example, format!("{other} is not mlp or convolutional"))),
    }
}
