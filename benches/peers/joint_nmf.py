"""Joint factorisation of three views of breast cancers beside scikit-learn's NMF of the weighed concatenation.

    cargo build --release --example joint_nmf
    python benches/peers/joint_nmf.py [--rounds 3] [--threads 1 2] [--k 3] [--starts 20] [--data ../shared/data]

The views are scaled to 0 ... 1 a column; both minimise sum_v |X_v - W H_v|^2 / |X_v|^2 from as many random starts.
scikit-learn's coordinate descent goes to tol 1e-5; ours must reach a mean and a best objective that are no worse by more
than a part in 10^3.
"""

import json
import tempfile
import time
import warnings

import numpy as np

from race import OURS, example, one_round, parser, race, report, require


def peer_round(path, widths, k, starts):
    from sklearn.decomposition import NMF

    warnings.simplefilter("ignore")
    views = np.split(np.load(path), np.cumsum([int(w) for w in widths.split(",")])[:-1], axis=1)
    x = np.hstack([view / np.linalg.norm(view) for view in views])
    began = time.perf_counter()
    fits = [NMF(int(k), init="random", random_state=seed, max_iter=1000, tol=1e-5).fit(x) for seed in range(int(starts))]
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "objectives": [float(fit.reconstruction_err_**2) for fit in fits]}))


def main():
    arguments = parser(__doc__, rounds=3)
    arguments.add_argument("--k", type=int, default=3)
    arguments.add_argument("--starts", type=int, default=20)
    options = arguments.parse_args()
    if options.one_round:
        return peer_round(*options.one_round)
    views = []
    for name in ("mrna", "mirna", "protein"):
        path = f"{options.data}/breast_tcga/data.train.{name}.tsv"
        with open(path) as file:
            n_columns = len(file.readline().split("\t"))
        view = np.loadtxt(path, delimiter="\t", skiprows=1, usecols=range(1, n_columns))
        views.append((view - view.min(0)) / (view.max(0) - view.min(0)))
    widths = ",".join(str(view.shape[1]) for view in views)
    with tempfile.TemporaryDirectory() as scratch:
        file = f"{scratch}/x.npy"
        np.save(file, np.ascontiguousarray(np.hstack(views)))
        arguments = [widths, str(options.k), str(options.starts)]
        programs = {"scikit-learn": one_round(__file__, file, *arguments), OURS: [example("joint_nmf"), file, *arguments]}
        for threads in options.threads:
            results = race(programs, options.rounds, threads)
            theirs, ours = (results[name]["objectives"] for name in programs)
            print(f"  mean {np.mean(theirs):.6g} / {np.mean(ours):.6g}, best {min(theirs):.6g} / {min(ours):.6g}")
            require(np.mean(ours) <= np.mean(theirs) * (1 + 1e-3), "mean objectives")
            require(min(ours) <= min(theirs) * (1 + 1e-3), "best objectives")
            report(f"joint NMF, three views, k = {options.k}, {options.starts} starts", results, threads, "scikit-learn", "n_iter")


if __name__ == "__main__":
    main()
