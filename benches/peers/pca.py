"""PCA beside scikit-learn's solvers, dense and sparse.

    cargo build --release --example pca
    python benches/peers/pca.py [--rounds 3] [--threads 1 2] [--k 50] [--data ../shared/data]

60,000 x 784 MNIST pictures in f64 by the covariance, the full decomposition and the randomised solver; 20
Newsgroups (11,214 x 3,072), kept sparse, by ARPACK (scikit-learn's only solver that centres sparse data
without filling it). `error` is the largest relative one of the explained variances against the first solver.
"""

import json
import tempfile
import time

import numpy as np

from kmeans import images
from race import OURS, example, one_round, parser, race, report, require

SOLVERS = {"mnist": ["covariance_eigh", "full", "randomized"], "news20": ["arpack"]}


def peer_round(solver, path, k):
    import scipy.sparse
    from sklearn.decomposition import PCA

    x = np.load(path) if path.endswith(".npy") else scipy.sparse.load_npz(path)
    model = PCA(int(k), svd_solver=solver, random_state=0)
    began = time.perf_counter()
    model.fit(x)
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "explained_variance": model.explained_variance_.tolist()}))


def save(name, data, folder):
    """The set as a file that both programs read."""
    if name == "mnist":
        np.save(f"{folder}/x.npy", images(f"{data}/mnist").astype(np.float64))
        return f"{folder}/x.npy"
    import scipy.io
    import scipy.sparse

    x = scipy.sparse.csr_matrix(scipy.io.mmread(f"{data}/news20/tr.mtx.gz"), dtype=np.float64)
    scipy.sparse.save_npz(f"{folder}/x.npz", x)
    return f"{folder}/x.npz"


def main():
    arguments = parser(__doc__, rounds=3)
    arguments.add_argument("--k", type=int, default=50)
    arguments.add_argument("--sets", nargs="+", choices=SOLVERS, default=list(SOLVERS))
    options = arguments.parse_args()
    if options.one_round:
        return peer_round(*options.one_round)

    with tempfile.TemporaryDirectory() as folder:
        for name in options.sets:
            path = save(name, options.data, folder)
            programs = {solver: one_round(__file__, solver, path, options.k) for solver in SOLVERS[name]}
            programs[OURS] = [example("pca"), path, str(options.k)]
            for threads in options.threads:
                results = race(programs, options.rounds, threads)
                exact = np.array(results[SOLVERS[name][0]]["explained_variance"])
                for result in results.values():
                    result["error"] = float(np.max(np.abs(result["explained_variance"] / exact - 1)))
                require(results[OURS]["error"] < 1e-9, f"error {results[OURS]['error']}")
                for peer in SOLVERS[name]:
                    both = {peer: results[peer], OURS: results[OURS]}
                    report(f"PCA, {name}, k = {options.k}", both, threads, peer, "error")


if __name__ == "__main__":
    main()
