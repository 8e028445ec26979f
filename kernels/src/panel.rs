//! Rows cut into panels: as many vectors as registers hold at once, the last of them masked.

use crate::Real;
use crate::simd::Simd;

/// The most vectors a panel has: eight sums, one value and the mask fit sixteen registers.
pub(crate) const PANEL: usize = 8;

/// Columns `start..` of a matrix: `n_vectors` vectors, of the last one the lanes that `mask` selects.
#[derive(Clone, Copy)]
pub(crate) struct Panel<V> {
    pub start: usize,
    pub n_vectors: usize,
    pub mask: V,
}

/// The number of panels that `width` columns make, and the columns of each but the last.
#[inline(always)]
pub(crate) fn layout<V: Simd>(width: usize) -> (usize, usize) {
    let n_vectors = width.div_ceil(V::LANES);
    let n_panels = n_vectors.div_ceil(PANEL).max(1);
    (n_panels, n_vectors.div_ceil(n_panels) * V::LANES)
}

impl<V: Simd> Panel<V>
where
    V::Elem: Real,
{
    /// Panel `q` of a matrix of `width` columns.
    #[inline(always)]
    pub fn new(width: usize, q: usize) -> Self {
        let (_, panel_width) = layout::<V>(width);
        let start = q * panel_width;
        let n_columns = (width - start).min(panel_width);
        let n_vectors = n_columns.div_ceil(V::LANES);
        Self { start, n_vectors, mask: V::first_lanes(n_columns - (n_vectors - 1) * V::LANES) }
    }

    /// Vector `v` of the panel's `N` whose first is at `place`.
    /// # Safety
    /// The panel's columns must be valid for reads at `place`, and `N` be its number of vectors.
    #[inline(always)]
    pub unsafe fn load<const N: usize>(&self, place: *const V::Elem, v: usize) -> V {
        // SAFETY: the caller vouches for the panel.
        unsafe {
            let place = place.add(v * V::LANES);
            if v + 1 < N { V::load(place) } else { V::load_masked(place, self.mask) }
        }
    }

    /// Writes vector `v` of the panel's `N` whose first is at `place`.
    /// # Safety
    /// The panel's columns must be valid for writes at `place`, and `N` be its number of vectors.
    #[inline(always)]
    pub unsafe fn store<const N: usize>(&self, x: V, place: *mut V::Elem, v: usize) {
        // SAFETY: the caller vouches for the panel.
        unsafe {
            let place = place.add(v * V::LANES);
            if v + 1 < N { x.store(place) } else { x.store_masked(place, self.mask) }
        }
    }
}

/// Evaluates an expression with the constant `N` equal to a panel's number of vectors.
macro_rules! with_vectors {
    ($n_vectors:expr, $N:ident => $body:expr) => {{
        macro_rules! arm {
            ($n:literal) => {{
                const $N: usize = $n;
                $body
            }};
        }
        match $n_vectors {
            1 => arm!(1),
            2 => arm!(2),
            3 => arm!(3),
            4 => arm!(4),
            5 => arm!(5),
            6 => arm!(6),
            7 => arm!(7),
            8 => arm!(8),
            n => unreachable!("a panel of {n} vectors"),
        }
    }};
}
pub(crate) use with_vectors;
