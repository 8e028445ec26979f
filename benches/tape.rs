//! What the tape costs: a step of the reference VAE (784-400-(20, 20)-400-784, batch 128, f32) replayed, beside the
//! same step derived by hand on the same kernels: `cargo bench --bench tape`.
//!
//! Both make the same gradients, which is checked first. The overhead printed is the median of interleaved rounds.

#[path = "kernels/rounds.rs"]
mod rounds;

use criterion::Criterion;
use diabolo::autodiff::{Graph, Id, Plan, Program, Store};
use diabolo::nn::{Dense, Init};
use diabolo::random::Rng;
use diabolo_kernels::gemm::{Activation, Epilogue, Gemm};
use diabolo_kernels::loss::{PointLoss, Targets};
use diabolo_kernels::parallel::with_threads;
use diabolo_kernels::reduce::Reduce;
use diabolo_kernels::vector::{Arithmetic, Broadcast, VectorMath};
use diabolo_kernels::{MatMut, MatRef};

const N: usize = 128;
const N_FEATURES: usize = 784;
const N_HIDDEN: usize = 400;
const N_LATENT: usize = 20;
const ROUNDS: usize = 20;

/// The layers' sizes, in the order of the store: hidden, mu, log_var, up, out.
const LAYERS: [(&str, usize, usize); 5] = [
    ("hidden", N_FEATURES, N_HIDDEN),
    ("mu", N_HIDDEN, N_LATENT),
    ("log_var", N_HIDDEN, N_LATENT),
    ("up", N_LATENT, N_HIDDEN),
    ("out", N_HIDDEN, N_FEATURES),
];

fn main() {
    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    let mut rng = Rng::seeded(1);
    let mut store = Store::default();
    let layers =
        LAYERS.map(|(name, n_in, n_out)| Dense::new(&mut store, name, n_in, n_out, Init::Lecun, &mut rng));
    let x: Vec<f32> = (0..N * N_FEATURES).map(|_| rng.uniform() as f32).collect();
    let eps: Vec<f32> = (0..N * N_LATENT).map(|_| rng.normal() as f32).collect();
    let mut tape = Tape::new(&store, &layers, &x, &eps);
    let mut hand = ByHand::new(&store, x, eps);

    tape.step(&mut store);
    hand.step();
    let largest = tape.gradient.iter().fold(0.0_f32, |largest, g| largest.max(g.abs()));
    for ((name, ..), (w, b)) in LAYERS.iter().zip(&hand.gradients) {
        let [of_w, of_b] = ["weight", "bias"].map(|part| tape.of(&store, &format!("{name}.{part}")));
        let same = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-5 * largest);
        assert!(same(of_w, w) && same(of_b, b), "the gradients of {name} differ");
    }

    for n_threads in [1, 2] {
        with_threads(n_threads, || {
            let seconds =
                rounds::median_seconds(&mut [&mut || tape.step(&mut store), &mut || _ = hand.step()], ROUNDS);
            println!(
                "{n_threads} thread(s): tape {:.3} ms, by hand {:.3} ms, overhead {:+.1} %",
                1e3 * seconds[0],
                1e3 * seconds[1],
                100.0 * (seconds[0] / seconds[1] - 1.0)
            );
        });
    }
    let mut group = criterion.benchmark_group("vae_step");
    group.bench_function("tape", |bencher| bencher.iter(|| tape.step(&mut store)));
    group.bench_function("by_hand", |bencher| bencher.iter(|| hand.step()));
    group.finish();
    criterion.final_summary();
}

/// The step as recorded.
struct Tape {
    program: Program<f32>,
    plan: Plan,
    gradient: Vec<f32>,
}

impl Tape {
    fn new(store: &Store<f32>, layers: &[Dense; 5], x: &[f32], eps: &[f32]) -> Tape {
        let mut graph = Graph::default();
        let (input, noise) = (graph.input(N, N_FEATURES), graph.input(N, N_LATENT));
        let [hidden, mu, log_var, up, out] = layers;
        let h = hidden.apply(&mut graph, store, input, Activation::Relu);
        let mu = mu.apply(&mut graph, store, h, Activation::Identity);
        let log_var = log_var.apply(&mut graph, store, h, Activation::Identity);
        let z = graph.normal(mu, log_var, noise);
        let h = up.apply(&mut graph, store, z, Activation::Relu);
        let logits = out.apply(&mut graph, store, h, Activation::Identity);
        let error = graph.bce_logits(logits, input, 1.0 / N as f64);
        let elements = graph.normal_kl(mu, log_var);
        let kl = graph.scaled_sum(elements, 1.0 / N as f64);
        let loss: Id = graph.total(&[error, kl]);
        let mut program = Program::training(graph);
        program.input_mut(input).copy_from_slice(x);
        program.input_mut(noise).copy_from_slice(eps);
        let plan = program.plan(loss, &store.everything());
        Tape { program, plan, gradient: vec![0.0; store.values().len()] }
    }

    fn step(&mut self, store: &mut Store<f32>) {
        self.program.forward(store);
        self.program.backward(&self.plan, store, &mut self.gradient);
    }

    /// The gradient of a parameter.
    fn of(&self, store: &Store<f32>, name: &str) -> &[f32] {
        store.of(store.named(name), &self.gradient)
    }
}

/// The step derived by hand: every buffer made once.
struct ByHand {
    weights: Vec<(Vec<f32>, Vec<f32>)>,
    gradients: Vec<(Vec<f32>, Vec<f32>)>,
    x: Vec<f32>,
    eps: Vec<f32>,
    h: Vec<f32>,
    mu: Vec<f32>,
    log_var: Vec<f32>,
    deviation: Vec<f32>,
    z: Vec<f32>,
    up: Vec<f32>,
    logits: Vec<f32>,
    d_logits: Vec<f32>,
    d_up: Vec<f32>,
    d_z: Vec<f32>,
    d_log_var: Vec<f32>,
    kl: Vec<f32>,
    d_h: Vec<f32>,
}

impl ByHand {
    fn new(store: &Store<f32>, x: Vec<f32>, eps: Vec<f32>) -> ByHand {
        let of = |name: String| store.get(store.named(&name)).to_vec();
        let weights: Vec<_> = LAYERS
            .iter()
            .map(|(name, ..)| (of(format!("{name}.weight")), of(format!("{name}.bias"))))
            .collect();
        let zeros = |n: usize| vec![0.0; N * n];
        ByHand {
            gradients: weights.clone(),
            weights,
            x,
            eps,
            h: zeros(N_HIDDEN),
            mu: zeros(N_LATENT),
            log_var: zeros(N_LATENT),
            deviation: zeros(N_LATENT),
            z: zeros(N_LATENT),
            up: zeros(N_HIDDEN),
            logits: zeros(N_FEATURES),
            d_logits: zeros(N_FEATURES),
            d_up: zeros(N_HIDDEN),
            d_z: zeros(N_LATENT),
            d_log_var: zeros(N_LATENT),
            kl: zeros(N_LATENT),
            d_h: zeros(N_HIDDEN),
        }
    }

    /// Forward and backward; the loss.
    fn step(&mut self) -> f64 {
        let scale = 1.0 / N as f32;
        let [hidden, mu, log_var, up, out] = [0, 1, 2, 3, 4].map(|l| &self.weights[l]);
        forward(&self.x, hidden, &mut self.h, Activation::Relu);
        forward(&self.h, mu, &mut self.mu, Activation::Identity);
        forward(&self.h, log_var, &mut self.log_var, Activation::Identity);
        // z = mu + e^(lv / 2) eps
        f32::scale_into(0.5, &self.log_var, &mut self.deviation);
        f32::exp_in_place(&mut self.deviation);
        f32::mul_in_place(&self.eps, &mut self.deviation);
        f32::add_into(&self.mu, &self.deviation, &mut self.z);
        forward(&self.z, up, &mut self.up, Activation::Relu);
        forward(&self.up, out, &mut self.logits, Activation::Identity);
        let targets = Targets::Each(&self.x);
        let error = f32::bce_logits(&self.logits, targets, scale, Some(&mut self.d_logits));
        // KL = 1/2 (mu^2 + e^lv - 1 - lv); d lv = 1/2 (e^lv - 1) / N
        f32::expm1_into(&self.log_var, &mut self.d_log_var);
        f32::scale_into(1.0, &self.d_log_var, &mut self.kl);
        f32::sub_in_place(&self.log_var, &mut self.kl);
        f32::mul_add_in_place(&self.mu, &self.mu, &mut self.kl);
        let kl = 0.5 * f32::sum_of(&self.kl);

        let [hidden, mu, log_var, up, out] = [0, 1, 2, 3, 4];
        backward(
            &self.up,
            &self.d_logits,
            &self.weights[out],
            &mut self.gradients[out],
            Some((&mut self.d_up, 0.0)),
        );
        Activation::Relu.apply_back(&self.up, &mut self.d_up);
        backward(&self.z, &self.d_up, &self.weights[up], &mut self.gradients[up], Some((&mut self.d_z, 0.0)));
        // d lv = dz deviation / 2 + 1/2 (e^lv - 1) / N; d mu = dz + mu / N
        f32::scale(scale, &mut self.d_log_var);
        f32::mul_add_in_place(&self.d_z, &self.deviation, &mut self.d_log_var);
        f32::scale(0.5, &mut self.d_log_var);
        f32::axpy(scale, &self.mu, &mut self.d_z);
        backward(&self.h, &self.d_z, &self.weights[mu], &mut self.gradients[mu], Some((&mut self.d_h, 0.0)));
        let further = Some((&mut self.d_h, 1.0));
        backward(&self.h, &self.d_log_var, &self.weights[log_var], &mut self.gradients[log_var], further);
        Activation::Relu.apply_back(&self.h, &mut self.d_h);
        backward(&self.x, &self.d_h, &self.weights[hidden], &mut self.gradients[hidden], None);
        f64::from(scale) * (error + f64::from(kl))
    }
}

/// Y = f(X W + 1 b')
fn forward(x: &[f32], (w, b): &(Vec<f32>, Vec<f32>), y: &mut [f32], activation: Activation) {
    let (n_in, n_out) = (x.len() / N, b.len());
    let epilogue = Epilogue { bias: Some(b), activation };
    f32::gemm(
        1.0,
        MatRef::new(x, N, n_in),
        MatRef::new(w, n_in, n_out),
        0.0,
        MatMut::new(y, N, n_out),
        epilogue,
    );
}

/// dW = X' dY, db = dY' 1, dX = dY W' + beta dX
fn backward(
    x: &[f32],
    dy: &[f32],
    (w, b): &(Vec<f32>, Vec<f32>),
    (dw, db): &mut (Vec<f32>, Vec<f32>),
    dx: Option<(&mut Vec<f32>, f32)>,
) {
    let (n_in, n_out) = (x.len() / N, b.len());
    let (x, dy_rows) = (MatRef::new(x, N, n_in), MatRef::new(dy, N, n_out));
    f32::gemm(1.0, x.t(), dy_rows, 0.0, MatMut::new(dw, n_in, n_out), Epilogue::default());
    f32::column_sums(dy, 0.0, db);
    if let Some((dx, beta)) = dx {
        let w = MatRef::new(w, n_in, n_out);
        f32::gemm(1.0, dy_rows, w.t(), beta, MatMut::new(dx, N, n_in), Epilogue::default());
    }
}
