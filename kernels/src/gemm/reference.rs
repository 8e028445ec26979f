//! The plain loops every GEMM is tested against.

use super::{Activation, Epilogue};
use crate::Real;
use crate::view::{MatMut, MatRef};

/// C = activation(alpha A B + beta C + bias), one element after the other.
/// # Panics
/// If the sizes do not agree.
pub fn gemm<T: Real>(alpha: T, a: MatRef<T>, b: MatRef<T>, beta: T, mut c: MatMut<T>, epilogue: Epilogue<T>) {
    let (m, k, n) = (a.rows(), a.cols(), b.cols());
    assert!(
        b.rows() == k && c.rows() == m && c.cols() == n,
        "A {m} x {k}, B {} x {n}, C {} x {}",
        b.rows(),
        c.rows(),
        c.cols()
    );
    for i in 0..m {
        for j in 0..n {
            let mut sum = T::ZERO;
            for p in 0..k {
                sum += a.at(i, p) * b.at(p, j);
            }
            let c_ij = c.at_mut(i, j);
            let kept = if beta == T::ZERO { T::ZERO } else { beta * *c_ij };
            let x = alpha * sum + kept + epilogue.bias.map_or(T::ZERO, |bias| bias[j]);
            *c_ij = activate(epilogue.activation, x);
        }
    }
}

fn activate<T: Real>(activation: Activation, x: T) -> T {
    let value = x.to_f64();
    match activation {
        Activation::Identity => x,
        Activation::Relu => x.max(T::ZERO),
        Activation::LeakyRelu(slope) => T::from_f64(if value > 0.0 { value } else { slope * value }),
        Activation::Elu => T::from_f64(if value > 0.0 { value } else { value.exp_m1() }),
        Activation::Sigmoid => T::from_f64(1.0 / (1.0 + (-value).exp())),
        Activation::Tanh => T::from_f64(value.tanh()),
        Activation::Softplus => T::from_f64(value.max(0.0) + (-value.abs()).exp().ln_1p()),
    }
}
