//! The instruction set, chosen once per process.
//!
//! A default x86-64 build carries every tier and picks the best one the CPU has. The environment
//! variable `DIABOLO_CPU=portable|avx2` forces a tier; results are promised bit for bit per tier.

use std::sync::OnceLock;

/// An instruction-set tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// What `wide` offers for the compilation target (SSE2 on plain x86-64, NEON on aarch64).
    Portable,
    /// AVX2 and FMA through `core::arch`.
    Avx2,
}

impl Tier {
    /// The name used by `DIABOLO_CPU` and in `metrics.json`.
    pub fn name(self) -> &'static str {
        match self {
            Tier::Portable => "portable",
            Tier::Avx2 => "avx2",
        }
    }

    /// The tier of that name.
    pub fn from_name(name: &str) -> Option<Tier> {
        [Tier::Portable, Tier::Avx2].into_iter().find(|tier| tier.name() == name)
    }

    /// Whether this machine can run the tier.
    pub fn is_supported(self) -> bool {
        match self {
            Tier::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Tier::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(not(target_arch = "x86_64"))]
            Tier::Avx2 => false,
        }
    }
}

/// The name of the environment variable that forces a tier.
pub const CPU_VARIABLE: &str = "DIABOLO_CPU";

/// The tier of this process: the one `DIABOLO_CPU` names if the machine can run it, else the best.
///
/// The command line refuses a bad value before it gets here; a library user's bad value is ignored.
#[inline]
pub fn tier() -> Tier {
    static TIER: OnceLock<Tier> = OnceLock::new();
    *TIER.get_or_init(|| {
        let forced = std::env::var(CPU_VARIABLE).ok().and_then(|name| Tier::from_name(&name));
        let best = if Tier::Avx2.is_supported() { Tier::Avx2 } else { Tier::Portable };
        forced.filter(|tier| tier.is_supported()).unwrap_or(best)
    })
}

/// Makes concrete, dispatched functions out of a kernel written once over [`crate::simd::Simd`].
///
/// ```text
/// dispatch! {
///     /// y += a x.
///     pub fn axpy_f32(a: f32, x: &[f32], y: &mut [f32]) = axpy::<F32>;
/// }
/// ```
/// `axpy` is `#[inline(always)] fn axpy<V: Simd<Elem = f32>>(...)`; `F32`/`F64` name the vector type in
/// every tier. The kernel must not create closures that are called elsewhere (rayon): a closure does not
/// inherit the target feature. Split into chunks outside, dispatch inside.
#[macro_export]
#[doc(hidden)]
macro_rules! dispatch {
    ($($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? = $kernel:ident::<$v:ident>;)*) => {$(
        $(#[$meta])*
        #[inline]
        $vis fn $name($($arg: $ty),*) $(-> $ret)? {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,fma")]
                fn avx2($($arg: $ty),*) $(-> $ret)? {
                    $kernel::<$crate::simd::avx2::$v>($($arg),*)
                }
                if $crate::dispatch::tier() == $crate::dispatch::Tier::Avx2 {
                    // SAFETY: the tier is Avx2 only where the CPU reports both features.
                    return unsafe { avx2($($arg),*) };
                }
            }
            $kernel::<$crate::simd::portable::$v>($($arg),*)
        }
    )*};
}

/// Calls a macro for the vectors of every tier, with the attribute that lets a function use the tier's instructions: for
/// functions of a vector that shall not be inlined into those around them, which have the attribute from [`dispatch!`].
#[macro_export]
#[doc(hidden)]
macro_rules! for_each_vector {
    ($with:ident) => {
        $with!($crate::simd::portable::F32);
        $with!($crate::simd::portable::F64);
        #[cfg(target_arch = "x86_64")]
        $with!($crate::simd::avx2::F32, #[target_feature(enable = "avx2,fma")]);
        #[cfg(target_arch = "x86_64")]
        $with!($crate::simd::avx2::F64, #[target_feature(enable = "avx2,fma")]);
    };
}
