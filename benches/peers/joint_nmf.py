"""Joint factorisation of three views of breast cancers beside scikit-learn's NMF of the weighed concatenation.

    cargo build --release --example joint_nmf
    python benches/peers/joint_nmf.py [--rounds 3] [--threads 1 2] [--k 5] [--starts 20] [--data ../shared/data]

Every view begins at its least value (`--scale shift`); both minimise sum_v |X_v - W H_v|^2 / |X_v|^2 from as many random
starts. scikit-learn's coordinate descent goes to tol 1e-5; ours must reach a mean and a best objective that are no worse by
more than a part in 10^3. Samples are clustered into three by k-means on codes of length 1, components counted by how much of
all views they tell, by the codes of every start; told is the adjusted Rand index with the three subtypes: of the start of
least objective, the mean and standard deviation over starts, and the largest, which only one who knows the subtypes could
choose. The best start by objective must reach .6.
"""

import json
import tempfile
import time
import warnings

import numpy as np

from race import OURS, example, one_round, parser, race, report, require


def clustered(fit, codes, classes):
    """The adjusted Rand index of k-means on the codes."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score

    codes = codes * np.linalg.norm(fit.components_, axis=1)
    codes /= np.maximum(np.linalg.norm(codes, axis=1, keepdims=True), 1e-300)
    clusters = KMeans(len(set(classes)), n_init=10, random_state=1).fit_predict(codes)
    return float(adjusted_rand_score(classes, clusters))


def peer_round(path, widths, k, starts, labels, _):
    from sklearn.decomposition import NMF

    warnings.simplefilter("ignore")
    views = np.split(np.load(path), np.cumsum([int(w) for w in widths.split(",")])[:-1], axis=1)
    x = np.hstack([view / np.linalg.norm(view) for view in views])
    began = time.perf_counter()
    fits = [NMF(int(k), init="random", random_state=seed, max_iter=1000, tol=1e-5) for seed in range(int(starts))]
    codes = [fit.fit_transform(x) for fit in fits]
    seconds = time.perf_counter() - began
    with open(labels) as file:
        classes = file.read().split()
    objectives = [float(fit.reconstruction_err_**2) for fit in fits]
    ari = [clustered(fit, w, classes) for fit, w in zip(fits, codes)]
    print(json.dumps({"seconds": seconds, "objectives": objectives, "ari": ari}))


def main():
    arguments = parser(__doc__, rounds=3)
    arguments.add_argument("--k", type=int, default=5)
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
        views.append(view - view.min())
    widths = ",".join(str(view.shape[1]) for view in views)
    with tempfile.TemporaryDirectory() as scratch:
        file = f"{scratch}/x.npy"
        np.save(file, np.ascontiguousarray(np.hstack(views)))
        arguments = [widths, str(options.k), str(options.starts), f"{options.data}/breast_tcga/data.train.subtype.tsv", "3"]
        programs = {"scikit-learn": one_round(__file__, file, *arguments), OURS: [example("joint_nmf"), file, *arguments]}
        for threads in options.threads:
            results = race(programs, options.rounds, threads)
            theirs, ours = (results[name]["objectives"] for name in programs)
            print(f"  mean {np.mean(theirs):.6g} / {np.mean(ours):.6g}, best {min(theirs):.6g} / {min(ours):.6g}")
            require(np.mean(ours) <= np.mean(theirs) * (1 + 1e-3), "mean objectives")
            require(min(ours) <= min(theirs) * (1 + 1e-3), "best objectives")
            for name, result in results.items():
                ari, best = np.array(result["ari"]), int(np.argmin(result["objectives"]))
                spread = f"mean {ari.mean():.3f}, sd {ari.std(ddof=1):.3f}, largest {ari.max():.3f}"
                print(f"  {name}: ARI of the least objective {ari[best]:.3f}; over starts {spread}")
            ari = results[OURS]["ari"]
            require(ari[int(np.argmin(ours))] >= 0.6, "the ARI of the start of least objective")
            report(f"joint NMF, three views, k = {options.k}, {options.starts} starts", results, threads, "scikit-learn", "n_iter")


if __name__ == "__main__":
    main()
