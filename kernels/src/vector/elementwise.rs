//! One loop for every function applied element by element.

/// Makes a trait and its f32 and f64 implementations out of element formulas over [`crate::simd::Vector`].
///
/// ```text
/// elementwise! {
///     /// The trait's documentation.
///     pub trait Name over Bound, grain GRAIN {
///         /// y + a x
///         axpy_into, axpy = (a)(y, x) => a.mul_add(x, y);
///     }
/// }
/// ```
/// gives `T::axpy_into(a, y, x, out)` and, in place of its first slice, `T::axpy(a, x, y)`.
/// Two vectors at a time go through a formula; the tail of a slice is loaded in part and goes through the
/// same one, so a value's result does not depend on its position. Slices above `GRAIN` elements are cut in chunks for the threads.
macro_rules! elementwise {
    (
        $(#[$trait_doc:meta])*
        pub trait $trait:ident over $bound:path, grain $grain:expr;
        $(
            $(#[$doc:meta])*
            $into:ident, $in_place:ident = ($($a:ident),*)($first:ident $(, $x:ident)*) => $value:expr;
        )*
    ) => {
        $(#[$trait_doc])*
        pub trait $trait: Sized {
            $(
                $(#[$doc])*
                ///
                /// Written to `out`.
                /// # Panics
                /// If the lengths differ.
                fn $into($($a: Self,)* $first: &[Self], $($x: &[Self],)* out: &mut [Self]);
                $(#[$doc])*
                ///
                /// In place of its first operand.
                /// # Panics
                /// If the lengths differ.
                fn $in_place($($a: Self,)* $($x: &[Self],)* $first: &mut [Self]);
            )*
        }

        /// The formulas, on vectors of lanes.
        mod formula {
            use super::*;
            $(
                #[inline(always)]
                pub fn $into<V: $bound>($($a: V,)* $first: V $(, $x: V)*) -> V {
                    $value
                }
            )*
        }

        /// The kernels: `first` is the output itself where it is `None`.
        mod kernel {
            use super::*;
            use $crate::simd::{Pair, Simd};
            $(
                #[inline(always)]
                pub fn $into<V: Simd + $bound>(
                    $($a: V::Elem,)*
                    $first: Option<&[V::Elem]>,
                    $($x: &[V::Elem],)*
                    out: &mut [V::Elem],
                ) {
                    let n = out.len();
                    let out = out.as_mut_ptr();
                    assert!($first.is_none_or(|slice| slice.len() == n) $(&& $x.len() == n)*);
                    let $first = $first.map_or(out.cast_const(), |slice| slice.as_ptr());
                    $(let $x = $x.as_ptr();)*
                    let mut i = 0;
                    while i + Pair::<V>::LANES <= n {
                        // SAFETY: every slice has n elements, and i + LANES <= n.
                        unsafe {
                            formula::$into(
                                $(Pair::<V>::splat($a),)*
                                Pair::<V>::load($first.add(i)),
                                $(Pair::<V>::load($x.add(i)),)*
                            )
                            .store(out.add(i));
                        }
                        i += Pair::<V>::LANES;
                    }
                    while i < n {
                        // SAFETY: every slice has n elements, of which n - i are left.
                        unsafe {
                            formula::$into(
                                $(V::splat($a),)*
                                V::load_up_to($first.add(i), n - i, V::Elem::ONE),
                                $(V::load_up_to($x.add(i), n - i, V::Elem::ONE),)*
                            )
                            .store_up_to(out.add(i), n - i);
                        }
                        i += V::LANES;
                    }
                }
            )*
        }

        elementwise! { @implement $trait, f32, F32, $grain, single; $($into, $in_place ($($a),*)($first $(, $x)*);)* }
        elementwise! { @implement $trait, f64, F64, $grain, double; $($into, $in_place ($($a),*)($first $(, $x)*);)* }
    };

    (@implement $trait:ident, $t:ty, $v:ident, $grain:expr, $chunks:ident;
     $($into:ident, $in_place:ident ($($a:ident),*)($first:ident $(, $x:ident)*);)*) => {
        /// One chunk, dispatched; the same code serves both forms.
        mod $chunks {
            use super::kernel::{$($into),*};
            dispatch! {
                $(pub fn $in_place($($a: $t,)* first: Option<&[$t]>, $($x: &[$t],)* out: &mut [$t]) = $into::<$v>;)*
            }
        }

        impl $trait for $t {
            $(
                fn $into($($a: $t,)* $first: &[$t], $($x: &[$t],)* out: &mut [$t]) {
                    assert!($first.len() == out.len() $(&& $x.len() == out.len())*, "slices of different lengths");
                    $crate::parallel::for_each_row_block(out, 1, $grain, |from, out| {
                        let range = from..from + out.len();
                        $chunks::$in_place($($a,)* Some(&$first[range.clone()]), $(&$x[range.clone()],)* out)
                    });
                }
                fn $in_place($($a: $t,)* $($x: &[$t],)* $first: &mut [$t]) {
                    assert!(true $(&& $x.len() == $first.len())*, "slices of different lengths");
                    $crate::parallel::for_each_row_block($first, 1, $grain, |_from, out| {
                        $chunks::$in_place($($a,)* None, $(&$x[_from.._from + out.len()],)* out)
                    });
                }
            )*
        }
    };
}
