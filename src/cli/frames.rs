//! What the fit of a network on frames takes beside the frames: weights to start from, and those of VGG19.

use super::options::FrameFiles;
use super::room::Room;
use crate::error::Result;
use crate::io::tensor_file;
use crate::monitor::Env;
use crate::tensors::{Named, Tensor, Tensors};

/// Whether a model is a network that makes frames.
pub fn is_of(room: &Room) -> bool {
    room.family == "interpolation"
}

/// The arrays of the files, `start/` or `vgg/` before their names; `None` where no file is named.
/// # Errors
/// What reading raises.
pub fn arrays(files: &FrameFiles, env: &Env) -> Result<Option<Named>> {
    let mut all: Option<Named> = None;
    for (prefix, path) in [("start/", &files.weights), ("vgg/", &files.vgg)] {
        let Some(path) = path else { continue };
        let (named, _) = tensor_file::load(path, &env.budget)?;
        let all = all.get_or_insert_default();
        // A run of the same room may be gone on from: its arrays stand under `model/`.
        let model = named.under("model/");
        let own = if model.names().next().is_some() { model } else { named };
        own.visit(&mut |name, view| all.insert(&format!("{prefix}{name}"), Tensor::from(view)));
    }
    Ok(all)
}
