//! Patches that are found again, flow that is relaxed, colours between pixels.

use crate::tolerance::MOTION;
use diabolo_kernels::motion::{Colour, Grey, PATCH, Patches, Relaxation, Robust, gradient, reference};
use proptest::prelude::*;

/// Little smoothness, so that sweeps come to an end soon: where neighbours count most they take thousands.
const ROBUST: Robust = Robust { alpha: 0.02, gamma: 10.0, delta: 5.0 };

/// A smooth picture with detail of several sizes, moved to the right by `right` and down by `down`.
fn scene(height: usize, width: usize, right: f32, down: f32) -> Vec<f32> {
    let value = |at: usize| {
        let (y, x) = ((at / width) as f32 - down, (at % width) as f32 - right);
        128.0
            + 40.0 * (0.41 * x + 0.13 * y).sin()
            + 35.0 * (0.29 * y - 0.17 * x).cos()
            + 20.0 * (0.07 * x * y / 9.0).sin()
    };
    (0..height * width).map(value).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn terms_of_a_patch_equal_reference(
        h in 9_usize..24, w in 9_usize..24, place in (0.0..1.0, 0.0..1.0), u in (-30.0_f32..30.0, -30.0_f32..30.0),
        pixels in prop::collection::vec(0.0_f32..255.0, 2 * 24 * 24)
    ) {
        let (first, second) = (Grey::new(h, w, &pixels[..h * w]), Grey::new(h, w, &pixels[h * w..2 * h * w]));
        let slopes = gradient(first, false);
        let patches = Patches { first, gradient: [&slopes[0], &slopes[1]], second, spacing: 3, n_iter: 10 };
        let at = |share: f64, size: usize| (share * (size - PATCH + 1) as f64) as usize;
        let place = [at(place.0, h), at(place.1, w)];
        let found = patches.terms(place, [u.0, u.1]);
        let expected = reference::terms(&patches, place, [u.0, u.1]);
        // Sums of 64 squares up to 255^2.
        for (found, expected) in found.into_iter().zip(expected) {
            prop_assert!((f64::from(found) - expected).abs() <= MOTION * 64.0 * 255.0 * 255.0, "{} {}", found, expected);
        }
    }

    #[test]
    fn colours_between_pixels_equal_reference(
        h in 1_usize..7, w in 1_usize..7, rgb in prop::collection::vec(any::<u8>(), 3 * 36),
        places in prop::collection::vec((-9.0_f32..15.0, -9.0_f32..15.0), 0..9)
    ) {
        let rgb = &rgb[..3 * h * w];
        let places: Vec<[f32; 2]> = places.into_iter().map(|(y, x)| [y, x]).collect();
        let mut colours = vec![[0.0; 4]; places.len()];
        Colour::new(h, w, rgb).read(&places, &mut colours);
        for (place, colour) in places.into_iter().zip(colours) {
            for (found, expected) in colour.into_iter().zip(reference::cubic(h, w, rgb, place)) {
                prop_assert!((f64::from(found) - expected).abs() <= MOTION * 255.0, "{} {}", found, expected);
            }
        }
    }

    #[test]
    fn sweeps_solve_the_system(h in 2_usize..20, w in 2_usize..20, right in -1.5_f32..1.5, down in -1.5_f32..1.5) {
        let (a, b) = (scene(h, w, 0.0, 0.0), scene(h, w, right, down));
        let (first, second) = (Grey::new(h, w, &a), Grey::new(h, w, &b));
        let still = vec![0.0; h * w];
        let mut relaxation = Relaxation::new(first, second, [&still, &still], ROBUST);
        relaxation.relax(1);
        let before = relaxation.residual();
        // The same weights throughout: one call. As many sweeps as the slowest pictures take, tiny ones that tell little.
        let mut relaxation = Relaxation::new(first, second, [&still, &still], ROBUST);
        relaxation.relax(6000);
        let after = relaxation.residual();
        // Where pictures hardly tell, far motion is as good as near: rounding counts in its size.
        let largest = relaxation.flow().iter().flat_map(|plane| plane.iter()).fold(1.0_f64, |m, x| m.max(f64::from(x.abs())));
        prop_assert!(after <= MOTION * largest + 1e-3 * before, "{} after {}", after, before);
        prop_assert!(relaxation.flow().iter().all(|plane| plane.iter().all(|x| x.is_finite())));
    }
}

#[test]
fn places_at_pixels_are_the_pixels() {
    let rgb: Vec<u8> = (0..5 * 4 * 3).map(|i| (i * 37 % 251) as u8).collect();
    let places: Vec<[f32; 2]> = (0..20).map(|at| [(at / 4) as f32, (at % 4) as f32]).collect();
    let mut colours = vec![[0.0; 4]; 20];
    Colour::new(5, 4, &rgb).read(&places, &mut colours);
    let found: Vec<u8> = colours.iter().flat_map(|c| [c[0] as u8, c[1] as u8, c[2] as u8]).collect();
    assert_eq!(found, rgb);
}

#[test]
fn gradients_of_a_plane_are_its_slopes() {
    let plane: Vec<f32> = (0..6 * 7).map(|at| 3.0 * (at % 7) as f32 - 2.0 * (at / 7) as f32).collect();
    for smooth in [false, true] {
        let [right, down] = gradient(Grey::new(6, 7, &plane), smooth);
        for at in (0..42).filter(|at| (1..5).contains(&(at / 7)) && (1..6).contains(&(at % 7))) {
            assert!((right[at] - 3.0).abs() < 1e-5 && (down[at] + 2.0).abs() < 1e-5);
        }
    }
    assert_eq!(gradient(Grey::new(1, 1, &[5.0]), true), [vec![0.0], vec![0.0]]);
}

#[test]
fn patches_find_a_shift_and_spread_it() {
    let (h, w) = (40, 56);
    let (a, b) = (scene(h, w, 0.0, 0.0), scene(h, w, 1.4, -0.7));
    let (first, second) = (Grey::new(h, w, &a), Grey::new(h, w, &b));
    let slopes = gradient(first, false);
    let patches = Patches { first, gradient: [&slopes[0], &slopes[1]], second, spacing: 3, n_iter: 30 };
    let [n_down, n_across] = patches.counts();
    let still = vec![0.0; h * w];
    let mut found = vec![[0.0; 2]; n_down * n_across];
    patches.search([&still, &still], 0..n_down, &mut found);
    // Within the border that the motion hides.
    for (k, u) in found.iter().enumerate() {
        let (row, column) = (k / n_across, k % n_across);
        if (2..n_down - 2).contains(&row) && (2..n_across - 2).contains(&column) {
            assert!((u[0] - 1.4).abs() < 0.1 && (u[1] + 0.7).abs() < 0.1, "patch {row} {column}: {u:?}");
        }
    }
    // Where all patches agree pixels do as they say, whatever rows are asked for.
    let agreed = vec![[1.25, -0.5]; found.len()];
    let (mut right, mut down) = (vec![f32::NAN; 7 * w], vec![f32::NAN; 7 * w]);
    patches.spread(&agreed, 5..12, [&mut right, &mut down]);
    assert!(right.iter().all(|u| (u - 1.25).abs() < 1e-5) && down.iter().all(|v| (v + 0.5).abs() < 1e-5));
}
