//! Feature maps read and written along flows, and brought from one size to another.
//!
//! A batch of feature maps is a matrix: a row a pixel, image after image, row by row; a column a channel. A flow has two
//! columns, pixels to the right and down. Everything that is read from elsewhere keeps its channels side by side, so
//! loops go over them a vector at a time. What is scattered (gradients of images, splats) is scattered image by image in
//! the order of the pixels, so that every number of threads gives the same bits.

mod blend;
pub mod reference;
mod resize;
mod sample;
mod shuffle;
mod smooth;
mod splat;

use crate::{Part, Real};

/// What is read beyond the border of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// The nearest pixel: places are moved onto the border.
    Clamp,
    /// Nothing: outside pixels count 0, and a place of which less than .999 lies inside reads 0 altogether.
    Zero,
}

/// The inside share below which [`Edge::Zero`] reads nothing.
const MASS: f64 = 0.999;

/// Pixels of a task.
const GRAIN: usize = 2048;

/// Rows and columns of an image.
type Size = [usize; 2];

/// Images of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Images {
    /// Rows and columns.
    pub size: [usize; 2],
    /// Values of a pixel.
    pub n_channels: usize,
}

impl Images {
    /// Holds `x` values to whole images, and `y` to as many of another size.
    fn check(self, x: usize, y: usize, to: Size) {
        let of = |[h, w]: Size| h * w * self.n_channels;
        let is_whole = of(self.size) > 0 && of(to) > 0 && x.is_multiple_of(of(self.size));
        assert!(is_whole && x / of(self.size) * of(to) == y, "{x} values of {self:?} as {y} of {to:?}");
    }

    /// Channels of images whose channels are spread over `factor` x `factor` pixels.
    fn spread_channels(self, factor: usize) -> usize {
        let parts = factor * factor;
        assert!(parts > 0 && self.n_channels.is_multiple_of(parts), "{self:?} spread {factor} x {factor}");
        self.n_channels / parts
    }

    /// Holds the values before and after channels are spread to whole images.
    fn check_spread(self, x: usize, y: usize) {
        let n = self.size[0] * self.size[1] * self.n_channels;
        assert!(n > 0 && x.is_multiple_of(n) && x == y, "{x} and {y} values of {self:?}");
    }
}

/// Reading and writing of feature maps along flows, for a number type.
pub trait Warp: Sized + Copy {
    /// y(p) = image(p + scale flow(p)), linear between the four pixels around; `size` is (height, width).
    /// # Panics
    /// If the sizes do not agree.
    fn warp(image: &[Self], flow: &[Self], scale: Self, size: Size, edge: Edge, y: &mut [Self]);
    /// What of an image [`Warp::warp_part`] reads for the part `made` along its flow; `None` where that is nothing.
    /// # Panics
    /// If the flow has not a displacement a pixel.
    fn warp_reads(flow: &[Self], made: Part, scale: Self, edge: Edge) -> Option<Part>;
    /// The part of [`Warp::warp`] of one image that `flow` is of, with the same bits: reads an image of which a part is
    /// held, all that [`Warp::warp_reads`] tells.
    /// # Panics
    /// If the sizes do not agree, or the part that is held is too small.
    fn warp_part(image: (&[Self], Part), flow: (&[Self], Part), scale: Self, edge: Edge, y: &mut [Self]);
    /// Adds the gradient of the image of [`Warp::warp`] to `dimage`.
    /// # Panics
    /// If the sizes do not agree.
    fn warp_image_back(flow: &[Self], scale: Self, size: Size, edge: Edge, dy: &[Self], dimage: &mut [Self]);
    /// The gradient of the flow of [`Warp::warp`]; 0 across the border where a place was clamped.
    /// # Panics
    /// If the sizes do not agree.
    fn warp_flow_back(
        image: &[Self],
        flow: &[Self],
        scale: Self,
        size: Size,
        edge: Edge,
        dy: &[Self],
        dflow: &mut [Self],
    );

    /// What every pixel says of its flow at the time it has come `share[image]` of its way: a row of y holds the sums of
    /// w f_x, w f_y and w over what lands beside it, w = (sigma(z) + 1e-5) exp(-distance^2) for the four pixels around
    /// the place; what lands outside is dropped (Sim, Oh & Kim 2021, complementary flow reversal).
    /// # Panics
    /// If the sizes do not agree.
    fn splat(flow: &[Self], z: &[Self], share: &[Self], size: Size, y: &mut [Self]);
    /// The gradient of the flow of [`Warp::splat`].
    /// # Panics
    /// If the sizes do not agree.
    fn splat_flow_back(
        flow: &[Self],
        z: &[Self],
        share: &[Self],
        size: Size,
        dy: &[Self],
        dflow: &mut [Self],
    );
    /// The gradient of z of [`Warp::splat`].
    /// # Panics
    /// If the sizes do not agree.
    fn splat_z_back(flow: &[Self], z: &[Self], share: &[Self], size: Size, dy: &[Self], dz: &mut [Self]);

    /// `scale` times the `images` x at the size `to`, linear between pixels; middles of pixels lie half a pixel from their
    /// edges.
    /// # Panics
    /// If the sizes do not agree.
    fn resize(x: &[Self], images: Images, to: Size, scale: Self, y: &mut [Self]);
    /// The part `made` of [`Warp::resize`] of one image, with the same bits, of a part that holds what
    /// [`resize_reads`] tells; `n_channels` values a pixel.
    /// # Panics
    /// If the sizes do not agree, or the part that is held is too small.
    fn resize_part(x: (&[Self], Part), made: Part, n_channels: usize, scale: Self, y: &mut [Self]);
    /// Adds the gradient of [`Warp::resize`] to `dx`.
    /// # Panics
    /// If the sizes do not agree.
    fn resize_back(dy: &[Self], images: Images, to: Size, scale: Self, dx: &mut [Self]);
    /// The images `factor` times as small along each side, by the 4 x 4 pixels around the middle of every new one (Keys
    /// 1981 with slope -3/4, nothing smoothed before).
    /// # Panics
    /// If the sizes do not agree.
    fn shrink_cubic(x: &[Self], images: Images, factor: usize, y: &mut [Self]);
    /// Every pixel as 2 x 2 equal ones.
    /// # Panics
    /// If the sizes do not agree.
    fn double(x: &[Self], images: Images, y: &mut [Self]);
    /// The gradient of [`Warp::double`]: sums of 2 x 2 pixels.
    /// # Panics
    /// If the sizes do not agree.
    fn double_back(dy: &[Self], images: Images, dx: &mut [Self]);

    /// Channels spread over space: y(factor r + i, factor c + j, k) = x(r, c, (k factor + i) factor + j) (Shi et al.
    /// 2016); `images` are those of x.
    /// # Panics
    /// If the sizes do not agree.
    fn shuffle(x: &[Self], images: Images, factor: usize, y: &mut [Self]);
    /// The way back: its inverse, and its gradient; `images` are those of x.
    /// # Panics
    /// If the sizes do not agree.
    fn unshuffle(y: &[Self], images: Images, factor: usize, x: &mut [Self]);

    /// y = [(1 - t) o a + t (1 - o) b] / [(1 - t) o + t (1 - o)] + u_1..3 with o = sigma(u_0): `u` has 4 columns, a, b
    /// and y 3; t one number an image.
    /// # Panics
    /// If the sizes do not agree.
    fn blend(u: &[Self], a: &[Self], b: &[Self], t: &[Self], y: &mut [Self]);
    /// The gradient of u of [`Warp::blend`].
    /// # Panics
    /// If the sizes do not agree.
    fn blend_mask_back(u: &[Self], a: &[Self], b: &[Self], t: &[Self], dy: &[Self], du: &mut [Self]);
    /// The gradient of the first or second frame of [`Warp::blend`].
    /// # Panics
    /// If the sizes do not agree.
    fn blend_frame_back(u: &[Self], t: &[Self], is_second: bool, dy: &[Self], dx: &mut [Self]);

    /// sum over both axes of mean e^(-150^2 |dI|^2) |dF|: dF are differences of neighbours of the flows (any number of
    /// columns), |dI|^2 the mean over channels of squared differences of `guide` (Sim, Oh & Kim 2021). `sums` is room for
    /// [`unevenness_sums`] numbers.
    /// # Panics
    /// If the sizes do not agree.
    fn unevenness(flow: &[Self], guide: &[Self], size: Size, n_images: usize, sums: &mut [Self]) -> Self;
    /// `weight` times the gradient of the flow of [`Warp::unevenness`].
    /// # Panics
    /// If the sizes do not agree.
    fn unevenness_back(
        flow: &[Self],
        guide: &[Self],
        size: Size,
        n_images: usize,
        weight: Self,
        dflow: &mut [Self],
    );
}

macro_rules! warp {
    ($t:ty, $sample:ident, $add_sample:ident, $slopes:ident) => {
        impl Warp for $t {
            fn warp(image: &[$t], flow: &[$t], scale: $t, size: Size, edge: Edge, y: &mut [$t]) {
                sample::warp(image, flow, scale, size, edge, y, sample::$sample);
            }
            fn warp_reads(flow: &[$t], made: Part, scale: $t, edge: Edge) -> Option<Part> {
                sample::reach(flow, made, scale, edge)
            }
            fn warp_part(image: (&[$t], Part), flow: (&[$t], Part), scale: $t, edge: Edge, y: &mut [$t]) {
                sample::warp_part(image, flow, scale, edge, y, sample::$sample);
            }
            fn warp_image_back(flow: &[$t], scale: $t, size: Size, edge: Edge, dy: &[$t], dimage: &mut [$t]) {
                sample::image_back(flow, scale, size, edge, dy, dimage, sample::$add_sample);
            }
            fn warp_flow_back(
                image: &[$t],
                flow: &[$t],
                scale: $t,
                size: Size,
                edge: Edge,
                dy: &[$t],
                dflow: &mut [$t],
            ) {
                sample::flow_back(image, flow, scale, size, edge, dy, dflow, sample::$slopes);
            }
            fn splat(flow: &[$t], z: &[$t], share: &[$t], size: Size, y: &mut [$t]) {
                splat::splat(flow, z, share, size, y);
            }
            fn splat_flow_back(flow: &[$t], z: &[$t], share: &[$t], size: Size, dy: &[$t], dflow: &mut [$t]) {
                splat::flow_back(flow, z, share, size, dy, dflow);
            }
            fn splat_z_back(flow: &[$t], z: &[$t], share: &[$t], size: Size, dy: &[$t], dz: &mut [$t]) {
                splat::z_back(flow, z, share, size, dy, dz);
            }
            fn resize(x: &[$t], images: Images, to: Size, scale: $t, y: &mut [$t]) {
                resize::resize(x, images, to, scale, y);
            }
            fn resize_part(x: (&[$t], Part), made: Part, n_channels: usize, scale: $t, y: &mut [$t]) {
                resize::resize_part(x, made, n_channels, scale, y);
            }
            fn resize_back(dy: &[$t], images: Images, to: Size, scale: $t, dx: &mut [$t]) {
                resize::resize_back(dy, images, to, scale, dx);
            }
            fn shrink_cubic(x: &[$t], images: Images, factor: usize, y: &mut [$t]) {
                resize::shrink_cubic(x, images, factor, y);
            }
            fn double(x: &[$t], images: Images, y: &mut [$t]) {
                resize::double(x, images, y);
            }
            fn double_back(dy: &[$t], images: Images, dx: &mut [$t]) {
                resize::double_back(dy, images, dx);
            }
            fn shuffle(x: &[$t], images: Images, factor: usize, y: &mut [$t]) {
                shuffle::shuffle(x, images, factor, y);
            }
            fn unshuffle(y: &[$t], images: Images, factor: usize, x: &mut [$t]) {
                shuffle::unshuffle(y, images, factor, x);
            }
            fn blend(u: &[$t], a: &[$t], b: &[$t], t: &[$t], y: &mut [$t]) {
                blend::blend(u, a, b, t, y);
            }
            fn blend_mask_back(u: &[$t], a: &[$t], b: &[$t], t: &[$t], dy: &[$t], du: &mut [$t]) {
                blend::mask_back(u, a, b, t, dy, du);
            }
            fn blend_frame_back(u: &[$t], t: &[$t], is_second: bool, dy: &[$t], dx: &mut [$t]) {
                blend::frame_back(u, t, is_second, dy, dx);
            }
            fn unevenness(flow: &[$t], guide: &[$t], size: Size, n_images: usize, sums: &mut [$t]) -> $t {
                smooth::unevenness(flow, guide, size, n_images, sums)
            }
            fn unevenness_back(
                flow: &[$t],
                guide: &[$t],
                size: Size,
                n_images: usize,
                weight: $t,
                dflow: &mut [$t],
            ) {
                smooth::unevenness_back(flow, guide, size, n_images, weight, dflow);
            }
        }
    };
}

warp!(f32, sample_f32, add_sample_f32, slopes_f32);
warp!(f64, sample_f64, add_sample_f64, slopes_f64);

/// Numbers that [`Warp::unevenness`] works with.
pub fn unevenness_sums(size: [usize; 2], n_images: usize) -> usize {
    smooth::n_sums(size, n_images)
}

/// What of an image of size `from` the part `made` of the same at another size reads ([`Warp::resize_part`]).
pub fn resize_reads(from: [usize; 2], made: &Part) -> Part {
    resize::resize_reads(from, made)
}

/// Images and channels of a matrix of `n_values` whose images have a number of pixels.
fn channels(n_values: usize, n_rows: usize, what: &str) -> usize {
    assert!(n_rows > 0 && n_values.is_multiple_of(n_rows), "{what}: {n_values} values of {n_rows} pixels");
    n_values / n_rows
}

/// 1 / (1 + e^-x)
fn sigmoid<T: Real>(x: T) -> T {
    T::from_f64(1.0 / (1.0 + (-x.to_f64()).exp()))
}
