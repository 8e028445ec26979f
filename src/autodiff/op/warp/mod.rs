//! Feature maps read and written along flows, and brought from one size to another: pixels in rows, channels in columns,
//! image after image.

mod blend;
mod double;
mod resize;
mod reverse;
mod sample;
mod shrink;
mod shuffle;
mod smooth;
mod splat;

use crate::autodiff::{Graph, Id};
use diabolo_kernels::Real;
use diabolo_kernels::warp::Images;

/// The images of a matrix whose rows are their pixels.
fn images<T: Real>(graph: &Graph<T>, x: Id, size: [usize; 2]) -> Images {
    let [rows, n_channels] = graph.shape(x);
    assert!(rows.is_multiple_of(size[0] * size[1]), "{rows} pixels of images of {size:?}");
    Images { size, n_channels }
}
