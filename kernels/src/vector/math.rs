//! Exponentials, logarithms and their kin, element by element.

use super::elementary::Elementary;
use crate::Real;
use crate::parallel::EXP_GRAIN;

elementwise! {
    /// Mathematics on slices, element by element.
    ///
    /// A result depends on its argument alone, not on the place in the slice or on the number of threads.
    /// NaN gives NaN. Errors are in units in the last place (ulp) of the result for normal results; they
    /// hold in every tier and are tested.
    pub trait VectorMath over Elementary, grain EXP_GRAIN;

    /// e^x, within 2 ulp; 0 at -inf, inf at inf and beyond the largest number, subnormal results kept.
    exp_into, exp_in_place = ()(x) => x.exp();
    /// e^x - 1, within 4 ulp; -1 at -inf.
    expm1_into, expm1_in_place = ()(x) => x.expm1();
    /// The natural logarithm, within 2 ulp; -inf at 0, NaN below, inf at inf; subnormal arguments as well.
    ln_into, ln_in_place = ()(x) => x.ln();
    /// ln(1 + x), within 4 ulp; -inf at -1, NaN below.
    log1p_into, log1p_in_place = ()(x) => x.log1p();
    /// The hyperbolic tangent, within 4 ulp; 1 and -1 at the infinities.
    tanh_into, tanh_in_place = ()(x) => x.tanh();
    /// 1 / (1 + e^-x), within 4 ulp in both tails; 0 and 1 at the infinities; subnormal results are 0.
    sigmoid_into, sigmoid_in_place = ()(x) => x.sigmoid();
    /// ln(1 + e^x), within 4 ulp; 0 at -inf, inf at inf; subnormal results are 0.
    softplus_into, softplus_in_place = ()(x) => x.softplus();
    /// The error function, within 4 ulp; -1 and 1 at the infinities.
    erf_into, erf_in_place = ()(x) => x.erf();
    /// ln Gamma(x) for x >= 0, NaN below; f64: within 32 epsilon of max(1, |value|), f32 as f64, rounded.
    lgamma_into, lgamma_in_place = ()(x) => x.lgamma();
    /// The digamma function for x >= 0, NaN below; f64: within 16 epsilon of max(1, |value|), f32 as f64,
    /// rounded.
    digamma_into, digamma_in_place = ()(x) => x.digamma();
    /// The trigamma function for x >= 0, NaN below; f64: within 8 ulp, f32 as f64, rounded.
    trigamma_into, trigamma_in_place = ()(x) => x.trigamma();
}
