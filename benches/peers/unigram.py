"""A mixture of unigrams beside the same EM in numpy and scipy: simulated documents of one topic each, same start.

    cargo build --release --example unigram
    python benches/peers/unigram.py [--rounds 5] [--threads 1 2] [--docs 20000] [--k 20] [--n-iter 20]

No package at hand fits mixtures of multinomials; the peer is what one writes instead, sparse products for both steps.
Both must end at the same objective.
"""

import json
import tempfile
import time

import numpy as np
import scipy.sparse as sp

from race import OURS, example, one_round, parser, race, report, require

ETA = 0.01


def peer_round(x_path, theta_path, n_iter):
    x, theta = sp.load_npz(x_path).tocsr(), np.load(theta_path)
    began = time.perf_counter()

    def maximised(theta):
        beta = (x.T @ theta).T + ETA
        pi = 1 + theta.sum(0)
        return beta / beta.sum(1, keepdims=True), pi / pi.sum()

    beta, pi = maximised(theta)
    for _ in range(int(n_iter)):
        ln = x @ np.log(beta).T + np.log(pi)
        largest = ln.max(1, keepdims=True)
        theta = np.exp(ln - largest)
        total = theta.sum(1, keepdims=True)
        objective = (largest + np.log(total)).sum() + ETA * np.log(beta).sum() + np.log(pi).sum()
        beta, pi = maximised(theta / total)
    print(json.dumps({"seconds": time.perf_counter() - began, "objective": float(objective)}))


def main():
    arguments = parser(__doc__)
    arguments.add_argument("--docs", type=int, default=20000)
    arguments.add_argument("--words", type=int, default=5000)
    arguments.add_argument("--k", type=int, default=20)
    arguments.add_argument("--n-iter", type=int, default=20)
    options = arguments.parse_args()
    if options.one_round:
        return peer_round(*options.one_round)

    with tempfile.TemporaryDirectory() as folder:
        rng = np.random.default_rng(1)
        beta = rng.dirichlet(np.full(options.words, 0.1), options.k)
        x = sp.csr_matrix(np.stack([rng.multinomial(100, beta[d % options.k]) for d in range(options.docs)]).astype(np.float64))
        files = [f"{folder}/x.npz", f"{folder}/theta.npy"]
        sp.save_npz(files[0], x, compressed=False)
        np.save(files[1], rng.dirichlet(np.full(options.k, 0.5), options.docs))
        given = [*files, str(options.n_iter)]
        programs = {"numpy": one_round(__file__, *given), OURS: [example("unigram"), *given]}
        for threads in options.threads:
            results = race(programs, options.rounds, threads)
            objective = {name: result["objective"] for name, result in results.items()}
            require(abs(objective[OURS] / objective["numpy"] - 1) < 1e-9, f"objective {objective}")
            task = f"mixture of unigrams, {options.docs} x {options.words}, k = {options.k}"
            report(task, results, threads, "numpy", "objective")


if __name__ == "__main__":
    main()
