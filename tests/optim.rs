//! Gradient descent: PyTorch's steps, and what a resumed fit goes on with.

use crate::tolerance::TORCH;
use diabolo::optim::{
    Adam, Adamax, Average, Averaging, Clip, EarlyStop, Optimizer, Patience, Plateau, PlateauState, RmsProp,
    Rule, Schedule, Sgd, Shape,
};
use diabolo::tensors::Named;

/// The numbers of a line of the golden file.
fn golden(name: &str) -> Vec<f64> {
    let text = include_str!("golden/optim.tsv");
    let line = text.lines().find(|line| line.split('\t').next() == Some(name));
    let line = line.unwrap_or_else(|| panic!("no golden values of {name}"));
    line.split('\t').skip(1).map(|word| word.parse().unwrap()).collect()
}

fn assert_near(ours: &[f64], name: &str) {
    let golden = golden(name);
    assert_eq!(ours.len(), golden.len(), "{name}");
    for (x, y) in ours.iter().zip(&golden) {
        assert!((x - y).abs() <= TORCH * (1.0 + y.abs()), "{name}: {ours:?} is not {golden:?}");
    }
}

const START: [f64; 5] = [0.5, -1.0, 2.0, 0.1, -0.3];

/// The gradient of tests/golden/optim.py.
fn gradient(p: &[f64]) -> Vec<f64> {
    let n = p.len();
    let of = |i: usize| 0.3 * (i as f64 + 1.0) * p[i] + 0.2 * (3.0 * p[(i + 1) % n]).sin() - 0.1 * i as f64;
    (0..n).map(of).collect()
}

/// The rules of tests/golden/optim.py with their step sizes.
fn rules() -> Vec<(&'static str, Rule, f64)> {
    let decayed = |weight_decay: f64| Adam { weight_decay, ..Adam::default() };
    vec![
        ("sgd", Sgd::default().into(), 0.05),
        ("sgd_momentum", Sgd { momentum: 0.9, nesterov: false, weight_decay: 0.01 }.into(), 0.05),
        ("sgd_nesterov", Sgd { momentum: 0.9, nesterov: true, weight_decay: 0.0 }.into(), 0.05),
        ("adam", Adam::default().into(), 0.05),
        ("adam_decay", Adam { beta1: 0.5, eps: 0.01, ..decayed(0.1) }.into(), 0.05),
        ("adamw", Adam { decoupled: true, ..decayed(0.1) }.into(), 0.05),
        ("rmsprop", RmsProp::default().into(), 0.01),
        (
            "rmsprop_momentum",
            RmsProp { alpha: 0.9, momentum: 0.5, weight_decay: 0.1, eps: 1e-8 }.into(),
            0.01,
        ),
        ("adamax", Adamax::default().into(), 0.05),
    ]
}

#[test]
fn steps_are_those_of_pytorch() {
    for (name, rule, lr) in rules() {
        rule.check().unwrap();
        for (clip, suffix) in [(Clip::None, ""), (Clip::Norm(0.3), "+norm"), (Clip::Value(0.1), "+value")] {
            clip.check().unwrap();
            let mut p = START.to_vec();
            let mut optimizer = Optimizer::new(rule, p.len());
            for _ in 0..25 {
                let grads = gradient(&p);
                let norm = optimizer.step_clipped(&mut p, &grads, lr, clip);
                let expected = grads.iter().map(|g| g * g).sum::<f64>().sqrt();
                assert!(norm.is_none_or(|norm| (norm - expected).abs() <= 1e-12));
            }
            assert_eq!(optimizer.n_steps(), 25);
            assert_near(&p, &format!("{name}{suffix}"));
        }
    }
}

#[test]
fn a_resumed_optimiser_takes_the_same_steps() {
    let gradient = |p: &[f32]| -> Vec<f32> {
        gradient(&p.iter().map(|&p| f64::from(p)).collect::<Vec<_>>()).iter().map(|&g| g as f32).collect()
    };
    for (name, rule, lr) in rules() {
        let mut p = START.map(|p| p as f32).to_vec();
        let mut optimizer = Optimizer::<f32>::new(rule, p.len());
        for t in 0..20 {
            if t == 9 {
                optimizer = Optimizer::load(rule, p.len(), &Named::copy_of(&optimizer)).unwrap();
            }
            let grads = gradient(&p);
            optimizer.step(&mut p, &grads, lr as f32);
        }
        let mut straight = START.map(|p| p as f32).to_vec();
        let mut other = Optimizer::<f32>::new(rule, p.len());
        for _ in 0..20 {
            let grads = gradient(&straight);
            other.step(&mut straight, &grads, lr as f32);
        }
        assert_eq!(p, straight, "{name}");
        assert_eq!(optimizer, other, "{name}");
        let named = Named::copy_of(&optimizer);
        if rule.bytes::<f32>(1) > 0 {
            let error = Optimizer::<f32>::load(rule, 7, &named).unwrap_err();
            assert!(error.to_string().contains("first_moment"), "{error}");
        }
    }
}

#[test]
fn step_sizes_are_those_of_pytorch() {
    let plan = |warm_up, shape| {
        let schedule = Schedule { warm_up, shape };
        schedule.check().unwrap();
        (0..20).map(|t| schedule.factor(t)).collect::<Vec<f64>>()
    };
    assert_near(&plan(5, Shape::Constant), "warm_up");
    assert_near(&plan(0, Shape::Cosine { n_steps: 20, floor: 0.1 }), "cosine");
    assert_near(&plan(0, Shape::Step { every: 4, factor: 0.7 }), "step");
    // A rise, then the shape from its beginning.
    let both = plan(3, Shape::Step { every: 4, factor: 0.5 });
    assert_eq!(both[..9], [1.0 / 3.0, 2.0 / 3.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5]);
    let after = Schedule { warm_up: 0, shape: Shape::Cosine { n_steps: 4, floor: 0.25 } };
    assert_eq!(after.factor(1000), 0.25);
}

#[test]
fn a_step_size_falls_on_a_plateau_as_in_pytorch() {
    let settings = Plateau { factor: 0.3, patience: 2, cooldown: 1, floor: 0.01, ..Plateau::default() };
    settings.check().unwrap();
    let mut losses = vec![5.0, 4.0, 4.1, 4.2, 4.3, 3.9, 3.8999, 3.89985, 3.8];
    losses.extend([4.0; 11]);
    losses.extend([3.0; 7]);
    let mut state = PlateauState::new(settings);
    let mut factors = Vec::new();
    for (t, &loss) in losses.iter().enumerate() {
        if t == 13 {
            state = PlateauState::load(settings, &Named::copy_of(&state)).unwrap();
        }
        factors.push(state.observe(loss));
    }
    assert_near(&factors, "plateau");
    assert_eq!(state.factor(), *factors.last().unwrap());
}

#[test]
fn averages_are_those_of_pytorch() {
    for (name, averaging) in
        [("ema", Averaging::Exponential { decay: 0.9, warm_up: false }), ("swa", Averaging::Uniform)]
    {
        averaging.check().unwrap();
        let mut p = START.to_vec();
        let mut optimizer = Optimizer::new(Sgd::default(), p.len());
        let mut average = Average::new(averaging);
        assert_eq!(average.mean(), None);
        for t in 0..20 {
            if t == 11 {
                average = Average::load(averaging, &Named::copy_of(&average)).unwrap();
            }
            let grads = gradient(&p);
            optimizer.step(&mut p, &grads, 0.05);
            average.observe(&p);
        }
        assert_near(average.mean().unwrap(), name);
    }
}

#[test]
fn an_average_that_warms_up_forgets_its_start() {
    let mut average = Average::new(Averaging::Exponential { decay: 0.999, warm_up: true });
    let mut expected = 1000.0;
    for t in 0..200_u32 {
        let value = if t == 0 { 1000.0 } else { 1.0 };
        average.observe(&[value]);
        if t > 0 {
            let stays = (f64::from(1 + t) / f64::from(10 + t)).min(0.999);
            expected = stays * expected + (1.0 - stays) * value;
        }
    }
    let mean = average.mean().unwrap()[0];
    assert!((mean - expected).abs() < 1e-9 && (mean - 1.0).abs() < 1e-6, "{mean} {expected}");
}

#[test]
fn a_fit_ends_when_nothing_improves() {
    let settings = Patience { patience: 3, min_delta: 0.05 };
    settings.check().unwrap();
    let mut stop = EarlyStop::<f32>::new(settings);
    assert_eq!(stop.best_params(), None);
    let values = [2.0, 1.0, 0.97, 1.2, 0.9, f64::NAN, 0.88, 0.86];
    let mut ended = Vec::new();
    for (t, &value) in values.iter().enumerate() {
        if t == 5 {
            stop = EarlyStop::load(settings, &Named::copy_of(&stop)).unwrap();
        }
        ended.push(stop.observe(value, &[t as f32]));
    }
    assert_eq!(ended, [false, false, false, false, false, false, false, true]);
    assert_eq!((stop.best(), stop.best_at()), (0.9, 5));
    assert_eq!(stop.best_params(), Some(&[4.0_f32][..]));
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let wrong: Vec<(Rule, &str)> = vec![
        (Sgd { momentum: 1.0, ..Sgd::default() }.into(), "momentum"),
        (Sgd { nesterov: true, ..Sgd::default() }.into(), "nesterov"),
        (Adam { beta2: f64::NAN, ..Adam::default() }.into(), "beta2"),
        (RmsProp { alpha: -0.1, ..RmsProp::default() }.into(), "alpha"),
        (Adamax { weight_decay: f64::INFINITY, ..Adamax::default() }.into(), "weight_decay"),
    ];
    for (rule, name) in wrong {
        assert!(rule.check().unwrap_err().to_string().starts_with(name), "{rule:?}");
    }
    assert!(Clip::Norm(0.0).check().is_err());
    assert!(Clip::Value(f64::NAN).check().is_err());
    assert!(Patience { patience: 0, min_delta: 0.0 }.check().is_err());
    assert!(Plateau { factor: 1.0, ..Plateau::default() }.check().is_err());
    assert!(Averaging::Exponential { decay: 1.0, warm_up: false }.check().is_err());
    for shape in [
        Shape::Cosine { n_steps: 0, floor: 0.0 },
        Shape::Cosine { n_steps: 3, floor: 1.0 },
        Shape::Step { every: 0, factor: 0.5 },
        Shape::Step { every: 2, factor: 0.0 },
    ] {
        assert!(Schedule { warm_up: 0, shape }.check().is_err(), "{shape:?}");
    }
}

#[test]
fn settings_are_read_back() {
    for (_, rule, _) in rules() {
        let text = serde_json::to_string(&rule).unwrap();
        assert_eq!(serde_json::from_str::<Rule>(&text).unwrap(), rule);
    }
    let rule: Rule = serde_json::from_str(r#"{"adam": {"beta1": 0.5}}"#).unwrap();
    assert_eq!(rule, Adam { beta1: 0.5, ..Adam::default() }.into());
    assert!(serde_json::from_str::<Rule>(r#"{"adam": {"beta3": 0.5}}"#).is_err());
}

#[test]
fn gradients_that_are_no_numbers_are_seen() {
    let mut p = [1.0_f64; 4];
    let mut optimizer = Optimizer::new(Adam::default(), 4);
    optimizer.step_clipped(&mut p, &[0.1, f64::NAN, 0.1, 0.1], 0.1, Clip::Norm(1.0));
    assert!(p.iter().all(|p| p.is_nan()));
}
