"""Alternating least squares beside numpy's own loop: the same complete matrix, the same first columns.

    cargo build --release --example als
    python benches/peers/als.py [--rounds 5] [--threads 1 2] [--k 20] [--n-iter 20]

R is a planted product of rank k with noise, 4,000 x 1,500 in f64. Both programs take the same number of
iterations of the same updates (U = R V' (V V' + ridge I)^-1, then V), so they must end at the same objective;
numpy does the products by OpenBLAS and one solve a factor.
"""

import json
import tempfile
import time

import numpy as np

from race import OURS, example, one_round, parser, race, report, require


def peer_round(x_path, start_path, ridge, n_iter):
    x, v, ridge = np.load(x_path), np.load(start_path), float(ridge)
    penalty = ridge * np.eye(v.shape[1])
    began = time.perf_counter()
    for _ in range(int(n_iter)):
        u = np.linalg.solve(v.T @ v + penalty, (x @ v).T).T
        v = np.linalg.solve(u.T @ u + penalty, (x.T @ u).T).T
    seconds = time.perf_counter() - began
    objective = 0.5 * np.sum((x - u @ v.T) ** 2) + 0.5 * ridge * (np.sum(u**2) + np.sum(v**2))
    print(json.dumps({"seconds": seconds, "objective": float(objective)}))


def main():
    arguments = parser(__doc__)
    arguments.add_argument("--rows", type=int, default=4000)
    arguments.add_argument("--columns", type=int, default=1500)
    arguments.add_argument("--k", type=int, default=20)
    arguments.add_argument("--ridge", type=float, default=0.1)
    arguments.add_argument("--n-iter", type=int, default=20)
    options = arguments.parse_args()
    if options.one_round:
        return peer_round(*options.one_round)

    with tempfile.TemporaryDirectory() as folder:
        rng = np.random.default_rng(1)
        u, v = rng.normal(size=(options.rows, options.k)), rng.normal(size=(options.columns, options.k))
        files = [f"{folder}/x.npy", f"{folder}/start.npy"]
        np.save(files[0], u @ v.T + rng.normal(size=(options.rows, options.columns)))
        np.save(files[1], rng.normal(size=(options.columns, options.k)))
        given = [*files, str(options.ridge), str(options.n_iter)]
        programs = {"numpy": one_round(__file__, *given), OURS: [example("als"), *given]}
        for threads in options.threads:
            results = race(programs, options.rounds, threads)
            objective = {name: result["objective"] for name, result in results.items()}
            require(abs(objective[OURS] / objective["numpy"] - 1) < 1e-9, f"objective {objective}")
            task = f"ALS, {options.rows} x {options.columns} complete, k = {options.k}"
            report(task, results, threads, "numpy", "objective")


if __name__ == "__main__":
    main()
