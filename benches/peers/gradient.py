"""Gradient descent beside scipy's L-BFGS: the same observed entries, the same objective, to the same value.

    cargo build --release --example gradient
    python benches/peers/gradient.py [--rounds 3] [--threads 1 2] [--k 10] [--n-iter 60]

R is a planted product with noise, of which a tenth of the entries is observed. scipy minimises
1/2 sum e^2 + ridge/2 (||U||^2 + ||V||^2) by L-BFGS-B from small random factors, with residuals and gradients by
numpy and scipy.sparse; diabolo then descends from its own start until its objective is at or below scipy's.
"""

import json
import tempfile
import time

import numpy as np
import scipy.sparse as sp

from race import OURS, example, one_round, parser, race, report, require, run


def peer_round(x_path, k, ridge, n_iter):
    from scipy.optimize import minimize

    x, k, ridge = sp.load_npz(x_path).tocsr(), int(k), float(ridge)
    n, m = x.shape
    rows = np.repeat(np.arange(n), np.diff(x.indptr))

    def value_and_gradient(factors):
        u, v = factors[: n * k].reshape(n, k), factors[n * k :].reshape(m, k)
        e = x.data - np.einsum("tk,tk->t", u[rows], v[x.indices])
        errors = sp.csr_matrix((e, x.indices, x.indptr), shape=x.shape)
        value = 0.5 * e @ e + 0.5 * ridge * factors @ factors
        return value, np.concatenate([(ridge * u - errors @ v).ravel(), (ridge * v - errors.T @ u).ravel()])

    start = np.random.default_rng(0).normal(size=(n + m) * k) * 0.1
    began = time.perf_counter()
    found = minimize(value_and_gradient, start, jac=True, method="L-BFGS-B", options={"maxiter": int(n_iter)})
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "n_iter": int(found.nit), "objective": float(found.fun)}))


def main():
    arguments = parser(__doc__, rounds=3)
    arguments.add_argument("--rows", type=int, default=3000)
    arguments.add_argument("--columns", type=int, default=2000)
    arguments.add_argument("--k", type=int, default=10)
    arguments.add_argument("--ridge", type=float, default=1.0)
    arguments.add_argument("--n-iter", type=int, default=60)
    options = arguments.parse_args()
    if options.one_round:
        return peer_round(*options.one_round)

    with tempfile.TemporaryDirectory() as folder:
        rng = np.random.default_rng(1)
        x_path = f"{folder}/x.npz"
        observed = sp.random(options.rows, options.columns, density=0.1, format="csr", random_state=1)
        u, v = rng.normal(size=(options.rows, options.k)), rng.normal(size=(options.columns, options.k))
        rows = np.repeat(np.arange(options.rows), np.diff(observed.indptr))
        observed.data = np.einsum("tk,tk->t", u[rows], v[observed.indices]) + rng.normal(size=observed.nnz) * 0.5
        sp.save_npz(x_path, observed, compressed=False)
        given = [x_path, str(options.k), str(options.ridge)]
        peer = one_round(__file__, *given, options.n_iter)
        target = run(peer, options.threads[-1])["objective"]
        programs = {"scipy": peer, OURS: [example("gradient"), *given, repr(target), "2000"]}
        for threads in options.threads:
            results = race(programs, options.rounds, threads)
            objective = {name: result["objective"] for name, result in results.items()}
            require(objective[OURS] <= objective["scipy"] * (1 + 1e-6), f"objective {objective}")
            task = f"gradient descent, {observed.nnz} entries, k = {options.k}, to scipy's objective"
            report(task, results, threads, "scipy", "n_iter", "objective")


if __name__ == "__main__":
    main()
