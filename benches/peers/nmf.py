"""NMF beside scikit-learn: the same data, the same nndsvda start, to the same objective.

    cargo build --release --example nmf_race
    python benches/peers/nmf.py [--rounds 3] [--threads 1 2] [--k 20] [--iterations 200] [--data ../shared/data]

scikit-learn takes its iterations (Frobenius by coordinate descent, Kullback-Leibler by multiplicative updates);
diabolo then starts from the same factors, exchanged as .npy, and stops when its objective is at or below
scikit-learn's.
"""

import json
import pathlib
import tempfile
import time
import warnings

import numpy as np

from race import OURS, example, one_round, parser, race, report, require, run

LOSSES = ("frobenius", "kullback-leibler")


def matrices(folder):
    """The data sets, as CSR matrices of f64."""
    import gzip

    import scipy.io
    import scipy.sparse

    path = sorted(pathlib.Path(folder, "news20").glob("tr*.mtx.gz"))[0]
    with gzip.open(path) as file:
        yield "news20", scipy.sparse.csr_matrix(scipy.io.mmread(file), dtype=np.float64)
    (path,) = pathlib.Path(folder, "pbmc_facs").glob("*.npz")
    yield "pbmc_facs", scipy.sparse.csr_matrix(scipy.sparse.load_npz(path), dtype=np.float64)


def peer_round(x_path, w_path, h_path, loss, iterations):
    import scipy.sparse
    from sklearn.decomposition import NMF

    warnings.simplefilter("ignore")
    x, w, h = scipy.sparse.load_npz(x_path), np.load(w_path), np.load(h_path)
    solver = "cd" if loss == "frobenius" else "mu"
    model = NMF(w.shape[1], init="custom", solver=solver, beta_loss=loss, tol=0, max_iter=int(iterations))
    began = time.perf_counter()
    model.fit_transform(x, W=w, H=h)
    seconds = time.perf_counter() - began
    # scikit-learn's error is the square root of twice the loss.
    objective = model.reconstruction_err_**2 / 2
    print(json.dumps({"seconds": seconds, "n_iter": int(iterations), "objective": float(objective)}))


def main():
    arguments = parser(__doc__, rounds=3)
    arguments.add_argument("--k", type=int, default=20)
    arguments.add_argument("--iterations", type=int, default=200)
    arguments.add_argument("--losses", nargs="+", choices=LOSSES, default=LOSSES)
    arguments.add_argument("--sets", nargs="+", default=["news20", "pbmc_facs"])
    options = arguments.parse_args()
    if options.one_round:
        return peer_round(*options.one_round)

    import scipy.sparse
    from sklearn.decomposition._nmf import _initialize_nmf

    for name, x in matrices(options.data):
        if name not in options.sets:
            continue
        with tempfile.TemporaryDirectory() as folder:
            files = [f"{folder}/{file}" for file in ("x.npz", "w.npy", "h.npy")]
            scipy.sparse.save_npz(files[0], x)
            for path, factor in zip(files[1:], _initialize_nmf(x, options.k, init="nndsvda", random_state=0)):
                np.save(path, factor)
            for loss in options.losses:
                peer = one_round(__file__, *files, loss, options.iterations)
                target = run(peer, max(options.threads))["objective"]
                own = [example("nmf_race"), *files, loss, repr(target), "2000"]
                # scikit-learn's updates of this loss take minutes: one round tells enough.
                rounds = 1 if loss == "kullback-leibler" else options.rounds
                for threads in options.threads:
                    results = race({"scikit-learn": peer, OURS: own}, rounds, threads)
                    objective = {name: result["objective"] for name, result in results.items()}
                    require(objective[OURS] <= target * (1 + 1e-9), f"objective {objective}")
                    task = f"NMF, {loss}, {name}, k = {options.k}"
                    report(task, results, threads, "scikit-learn", "n_iter", "objective")


if __name__ == "__main__":
    main()
