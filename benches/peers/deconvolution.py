"""CIBERSORT's regressions beside LIBSVM: 12 mixtures and 100 permuted targets, each at three nu, on 1296 genes x 17 types.

    cargo build --release --example deconvolution
    python benches/peers/deconvolution.py [--rounds 1] [--threads 1 2] [--permutations 100] [--data ../shared/data]

scikit-learn's NuSVR is LIBSVM with a linear kernel at its tolerance of 1e-3; it uses one thread. Both get the same
standardised targets; ours must reach a dual objective that is nowhere above LIBSVM's. Then the fractions of the 12 mixtures
are compared with the counts of sorted cells.
"""

import json
import tempfile
import time

import numpy as np

from race import OURS, example, one_round, parser, race, report, require

NUS = (0.25, 0.5, 0.75)


def read(path):
    with open(path) as file:
        columns = file.readline().rstrip("\n").split("\t")[1:]
        rows = [line.rstrip("\n").split("\t") for line in file]
    return [row[0] for row in rows], columns, np.array([[float(x) for x in row[1:]] for row in rows])


def standardised(x):
    return (x - x.mean()) / x.std(ddof=1)


def peer_round(s_path, y_path):
    from sklearn.svm import NuSVR

    x, y = np.ascontiguousarray(np.load(s_path).T), np.load(y_path)
    duals = []
    began = time.perf_counter()
    for target in y:
        for nu in NUS:
            model = NuSVR(kernel="linear", C=1, nu=nu).fit(x, target)
            beta = np.zeros(len(target))
            beta[model.support_] = model.dual_coef_[0]
            duals.append(float(0.5 * np.sum((x.T @ beta) ** 2) - target @ beta))
    print(json.dumps({"seconds": time.perf_counter() - began, "duals": duals}))


def main():
    arguments = parser(__doc__, rounds=1)
    arguments.add_argument("--permutations", type=int, default=100)
    options = arguments.parse_args()
    if options.one_round:
        return peer_round(*options.one_round)
    folder = f"{options.data}/abis_pbmc"
    genes, _, s = read(f"{folder}/sigMatrix_ABIS_S0.tsv")
    mixture_genes, _, y = read(f"{folder}/bulkRNAseq_ABIS.tsv")
    place = {gene: i for i, gene in enumerate(mixture_genes)}
    y = y[[place[gene] for gene in genes]]
    draws = np.random.default_rng(1)
    permuted = [draws.choice(y.ravel(), len(genes), replace=False) for _ in range(options.permutations)]
    targets = np.array([standardised(target) for target in [*y.T, *permuted]])
    with tempfile.TemporaryDirectory() as scratch:
        files = [f"{scratch}/s.npy", f"{scratch}/y.npy"]
        np.save(files[0], np.ascontiguousarray(standardised(s).T))
        np.save(files[1], targets)
        programs = {"scikit-learn NuSVR": one_round(__file__, *files), OURS: [example("deconvolution"), *files]}
        for threads in options.threads:
            results = race(programs, options.rounds, threads)
            theirs, ours = (np.array(results[name]["duals"]) for name in programs)
            require(np.all(ours <= theirs + 1e-9 * np.abs(theirs)), f"duals {np.max(ours - theirs)} above LIBSVM's")
            report(f"nu-SVR, {len(targets)} targets x 3 nu, 1296 x 17", results, threads, "scikit-learn NuSVR", "gap", "n_iter")


if __name__ == "__main__":
    main()
