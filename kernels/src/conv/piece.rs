//! Convolutions of parts of pictures: what lies beyond the part that is held is beyond the picture's border too.

use super::Pass;
use super::stencil::{Phase, Stencil};
use crate::{Part, Real};

impl Stencil {
    /// What pixels of a part read of the picture, as far as it has it.
    fn reads(&self, made: &Part) -> Part {
        let (mut first, mut past) = ([isize::MAX; 2], [isize::MIN; 2]);
        for axis in 0..2 {
            for phase in &self.phases {
                // Pixels target_step q + phase from the first to the last of the part.
                let low = made.first[axis] / self.target_step;
                let Some(room) = (made.past()[axis] - 1).checked_sub(phase.first[axis]) else { continue };
                let high = room / self.target_step;
                if high < low {
                    continue;
                }
                for tap in &phase.taps {
                    let place = |q: usize| (self.source_step * q) as isize + tap.offset[axis];
                    first[axis] = first[axis].min(place(low));
                    past[axis] = past[axis].max(place(high) + 1);
                }
            }
        }
        Part::between(self.source, first, past)
    }

    /// The same of a part of the picture that is held for a part that is made, of one picture.
    fn piece(&self, held: &Part, made: &Part) -> Stencil {
        let shift = [0, 1].map(|axis| {
            (self.source_step * made.first[axis] / self.target_step) as isize - held.first[axis] as isize
        });
        let phases = self.phases.iter().map(|phase| {
            let grid = [0, 1]
                .map(|axis| made.size[axis].saturating_sub(phase.first[axis]).div_ceil(self.target_step));
            let mut taps = phase.taps.clone();
            for tap in &mut taps {
                tap.offset = [0, 1].map(|axis| tap.offset[axis] + shift[axis]);
            }
            Phase { first: phase.first, grid, taps }
        });
        Stencil { n_images: 1, source: held.size, target: made.size, phases: phases.collect(), ..*self }
    }
}

impl<T: Real> Pass<T> {
    /// The part that can be made where `wanted` is wanted: as large or a little larger.
    pub fn made(&self, wanted: &Part) -> Part {
        wanted.widened(self.stencil.target_step)
    }

    /// What a part that is made reads.
    pub fn reads(&self, made: &Part) -> Part {
        self.stencil.reads(made)
    }

    /// The same pass over a part of one picture, for which the same packed weights serve: it reads `held` and makes
    /// `made`. Where `held` ends and the picture does not, nothing of `made` may read beyond ([`Pass::reads`]).
    /// # Panics
    /// If that is not so, or `made` is no part that can be made ([`Pass::made`]).
    pub fn piece(&self, held: &Part, made: &Part) -> Pass<T> {
        assert!(held.holds(&self.reads(made)), "{made:?} reads more than {held:?}");
        assert_eq!(self.made(made), *made, "a part that can be made");
        Pass { stencil: self.stencil.piece(held, made), ..self.clone() }
    }
}
