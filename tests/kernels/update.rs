//! Steps of descent against their plain rules in f64.

use diabolo_kernels::update::{
    AdamStep, AdamaxStep, Decay, Gradient, RmsPropStep, SgdStep, Update, reference,
};
use diabolo_kernels::{Real, parallel};
use proptest::prelude::*;

type Checked = Result<(), TestCaseError>;

fn convert<T: Real>(x: &[f64]) -> Vec<T> {
    x.iter().map(|&x| T::from_f64(x)).collect()
}

/// Parameters, two moments and gradients of one length; moments are not negative.
fn slices() -> impl Strategy<Value = [Vec<f64>; 4]> {
    (0_usize..80).prop_flat_map(|n| {
        let numbers = |range: std::ops::Range<f64>| prop::collection::vec(range, n);
        [numbers(-2.0..2.0), numbers(0.01..1.0), numbers(0.01..1.0), numbers(-3.0..3.0)]
    })
}

/// Every slice after a step within some roundings of the rule's.
fn agrees<T: Real, const K: usize>(
    after: [&[T]; K],
    before: [&[f64]; K],
    grads: &[f64],
    rule: impl Fn([f64; K], f64) -> [f64; K],
) -> Checked {
    for at in 0..grads.len() {
        let expected = rule(before.map(|x| x[at]), grads[at]);
        for k in 0..K {
            let error = (after[k][at].to_f64() - expected[k]).abs();
            prop_assert!(error <= 16.0 * T::EPSILON.to_f64() * (1.0 + expected[k].abs()), "{} {}", k, error);
        }
    }
    Ok(())
}

fn steps_agree<T: Real>(slices: &[Vec<f64>; 4], decay: Decay<f64>, bounded: bool) -> Checked {
    let of = T::from_f64;
    let [theta, m, v, g] = slices.each_ref().map(|x| convert::<T>(x));
    let [theta_0, m_0, v_0] = [&slices[0], &slices[1], &slices[2]].map(|x| &x[..]);
    let by = if bounded { Gradient { scale: 0.7, bound: 0.9 } } else { Gradient::<f64>::as_is() };
    let used: Vec<f64> = slices[3].iter().map(|&g| reference::gradient(g, by)).collect();
    let by = Gradient { scale: of(by.scale), bound: of(by.bound) };
    let typed = match decay {
        Decay::Coupled(weight) => Decay::Coupled(of(weight)),
        Decay::Decoupled(share) => Decay::Decoupled(of(share)),
    };

    for (momentum, nesterov) in [(0.0, false), (0.9, false), (0.9, true)] {
        let plain = SgdStep { lr: 0.1, momentum, nesterov, decay };
        let step = SgdStep { lr: of(0.1), momentum: of(momentum), nesterov, decay: typed };
        let (mut p, mut velocity) = (theta.clone(), m.clone());
        T::sgd_step(&mut p, Some(&mut velocity), &g, step, by);
        agrees([&p, &velocity], [theta_0, m_0], &used, |x, g| reference::sgd(x, g, plain))?;
        if momentum == 0.0 {
            let mut p = theta.clone();
            T::sgd_step(&mut p, None, &g, step, by);
            agrees([&p], [theta_0], &used, |[x], g| [reference::sgd([x, 0.0], g, plain)[0]])?;
        }
        let plain = RmsPropStep { lr: 0.01, alpha: 0.9, eps: 1e-8, momentum, decay };
        let step =
            RmsPropStep { lr: of(0.01), alpha: of(0.9), eps: of(1e-8), momentum: of(momentum), decay: typed };
        let (mut p, mut square, mut velocity) = (theta.clone(), v.clone(), m.clone());
        T::rmsprop_step(&mut p, &mut square, Some(&mut velocity), &g, step, by);
        agrees([&p, &square, &velocity], [theta_0, v_0, m_0], &used, |x, g| reference::rmsprop(x, g, plain))?;
        if momentum == 0.0 {
            let (mut p, mut square) = (theta.clone(), v.clone());
            T::rmsprop_step(&mut p, &mut square, None, &g, step, by);
            agrees([&p, &square], [theta_0, v_0], &used, |[p, v], g| {
                let [p, v, _] = reference::rmsprop([p, v, 0.0], g, plain);
                [p, v]
            })?;
        }
    }

    let plain = AdamStep { lr: 0.02, beta1: 0.9, beta2: 0.99, root_correction: 1.3, eps: 1e-8, decay };
    let step = AdamStep {
        lr: of(plain.lr),
        beta1: of(plain.beta1),
        beta2: of(plain.beta2),
        root_correction: of(plain.root_correction),
        eps: of(plain.eps),
        decay: typed,
    };
    let (mut p, mut first, mut second) = (theta.clone(), m.clone(), v.clone());
    T::adam_step(&mut p, &mut first, &mut second, &g, step, by);
    agrees([&p, &first, &second], [theta_0, m_0, v_0], &used, |x, g| reference::adam(x, g, plain))?;

    let plain = AdamaxStep { lr: 0.02, beta1: 0.9, beta2: 0.99, eps: 1e-8, decay };
    let step = AdamaxStep { lr: of(0.02), beta1: of(0.9), beta2: of(0.99), eps: of(1e-8), decay: typed };
    let (mut p, mut first, mut largest) = (theta, m, v);
    T::adamax_step(&mut p, &mut first, &mut largest, &g, step, by);
    agrees([&p, &first, &largest], [theta_0, m_0, v_0], &used, |x, g| reference::adamax(x, g, plain))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn steps_equal_reference(slices in slices(), decoupled in any::<bool>(), bounded in any::<bool>()) {
        let decay = if decoupled { Decay::Decoupled(0.02) } else { Decay::Coupled(0.03) };
        steps_agree::<f32>(&slices, decay, bounded)?;
        steps_agree::<f64>(&slices, decay, bounded)?;
    }
}

#[test]
fn any_number_of_threads_takes_the_same_step() {
    let n = 100_003;
    let g: Vec<f32> = (0..n).map(|i| (i % 1237) as f32 * 0.01 - 6.0).collect();
    let run = || {
        let [mut p, mut m, mut v] = [g.clone(), vec![0.0; n], vec![0.0; n]];
        let step = AdamStep {
            lr: 1e-2,
            beta1: 0.9,
            beta2: 0.999,
            root_correction: 31.0,
            eps: 1e-8,
            decay: Decay::Coupled(0.0),
        };
        f32::adam_step(&mut p, &mut m, &mut v, &g, step, Gradient::as_is());
        (p, m, v)
    };
    assert_eq!(parallel::with_threads(1, run), parallel::with_threads(3, run));
}

#[test]
fn a_gradient_that_is_no_number_is_seen() {
    let mut p = [1.0_f32; 19];
    let mut g = [0.5_f32; 19];
    g[18] = f32::NAN;
    let step = SgdStep { lr: 0.1, momentum: 0.0, nesterov: false, decay: Decay::Coupled(0.0) };
    f32::sgd_step(&mut p, None, &g, step, Gradient { scale: 1.0, bound: 5.0 });
    assert!(p[18].is_nan() && p[..18].iter().all(|&p| p == 1.0 - 0.05));
}
