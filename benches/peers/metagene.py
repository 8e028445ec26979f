"""Consensus factorisation beside scikit-learn's NMF: ranks 2 to 6 from 50 random starts each on the leukaemia data.

    cargo build --release --example metagene
    python benches/peers/metagene.py [--rounds 1] [--threads 1 2] [--runs 50] [--data ../shared/data]

The Kullback-Leibler divergence against its multiplicative updates, the squared error against its coordinate descent, both
from random starts with tol 1e-4 (its default) and up to 1,000 iterations. Ours must reach, at every rank, a mean objective
over the starts that is no worse than scikit-learn's by more than a part in 10^3, and a best one by no more than one in 10^4.
"""

import json
import tempfile
import time
import warnings

import numpy as np

from race import OURS, example, one_round, parser, race, report, require

SOLVERS = {"kullback-leibler": "mu", "frobenius": "cd"}


def peer_round(path, loss, n_runs):
    from sklearn.decomposition import NMF

    warnings.simplefilter("ignore")
    x, objectives = np.load(path), []
    began = time.perf_counter()
    for k in range(2, 7):
        fits = [
            NMF(k, init="random", solver=SOLVERS[loss], beta_loss=loss, random_state=seed, max_iter=1000).fit(x)
            for seed in range(int(n_runs))
        ]
        objectives.append([float(0.5 * fit.reconstruction_err_**2) for fit in fits])
    print(json.dumps({"seconds": time.perf_counter() - began, "objectives": objectives}))


def main():
    arguments = parser(__doc__, rounds=1)
    arguments.add_argument("--runs", type=int, default=50)
    arguments.add_argument("--losses", nargs="+", default=list(SOLVERS), choices=list(SOLVERS))
    options = arguments.parse_args()
    if options.one_round:
        return peer_round(*options.one_round)
    path = f"{options.data}/golub_all_aml/expression_5000x38.tsv"
    x = np.loadtxt(path, delimiter="\t", skiprows=1, usecols=range(1, 39)).T
    with tempfile.TemporaryDirectory() as scratch:
        file = f"{scratch}/x.npy"
        np.save(file, np.ascontiguousarray(x))
        for loss in options.losses:
            programs = {
                f"scikit-learn {SOLVERS[loss]}": one_round(__file__, file, loss, options.runs),
                OURS: [example("metagene"), file, loss, str(options.runs)],
            }
            for threads in options.threads:
                results = race(programs, options.rounds, threads)
                theirs, ours = (results[name]["objectives"] for name in programs)
                for k, (their, our) in enumerate(zip(theirs, ours), 2):
                    print(f"  k = {k}: mean {np.mean(their):.6g} / {np.mean(our):.6g}, best {min(their):.8g} / {min(our):.8g}")
                    require(np.mean(our) <= np.mean(their) * (1 + 1e-3), f"mean objectives at k = {k}")
                    require(min(our) <= min(their) * (1 + 1e-4), f"best objectives at k = {k}")
                peer = next(iter(programs))
                report(f"metagenes, {loss}, ranks 2 to 6 x {options.runs} starts", results, threads, peer)


if __name__ == "__main__":
    main()
