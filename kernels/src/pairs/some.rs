//! Pairs that are listed: their logits, one after another.

use crate::fused::{Cut, Formula};
use crate::parallel::EXP_GRAIN;
use crate::vector::elementary::Elementary;

/// `linked` ln(1 + e^-s) + `unlinked` ln(1 + e^s), where s becomes `scale` times its derivative.
#[derive(Clone, Copy)]
struct Weighed<T> {
    linked: T,
    unlinked: T,
    scale: T,
}

impl<T: Copy> Formula<T, 0, 1> for Weighed<T> {
    const UPDATES: bool = true;
    #[inline(always)]
    fn at<V: Elementary<Elem = T>>(self, _: [V; 0], [s]: [V; 1]) -> (V, [V; 1]) {
        let (linked, unlinked, scale) =
            (V::splat(self.linked), V::splat(self.unlinked), V::splat(self.scale));
        let value = linked.mul(s.neg().softplus()).add(unlinked.mul(s.softplus()));
        // sigma(s) - 1 = -sigma(-s), which keeps its precision where sigma(s) is near 1.
        let slope = unlinked.mul(s.sigmoid()).sub(linked.mul(s.neg().sigmoid()));
        (value, [scale.mul(slope)])
    }
}

macro_rules! some_pairs {
    ($name:ident: $t:ty, $v:ident) => {
        /// The sum over logits that become slopes.
        pub(super) fn $name(linked: $t, unlinked: $t, scale: $t, logits: &mut [$t]) -> f64 {
            formula_kernel! { chunk: Weighed<$t>, $t, $v, 0, 1 }
            let formula = Weighed { linked, unlinked, scale };
            let n = logits.len();
            Cut::long(EXP_GRAIN).sum(n, [], [Some(logits)], None, |_, read, written| {
                let n = written[0].as_ref().map_or(0, |logits| logits.len());
                chunk(formula, read, written, n)
            })
        }
    };
}

some_pairs!(of_f32: f32, F32);
some_pairs!(of_f64: f64, F64);
