"""NMF beside scikit-learn: the same data, the same nndsvda start, to the same objective.

    cargo build --release --example nmf_race
    python benches/peers/nmf.py [--rounds 3] [--threads 1 2] [--k 20] [--iterations 200] [--data ../shared/data]

scikit-learn takes its iterations (Frobenius by coordinate descent, Kullback-Leibler by multiplicative updates);
diabolo then starts from the same factors, exchanged as .npy, and stops when its objective is at or below
scikit-learn's. Rounds alternate between both programs; printed are medians of seconds in the fit, iterations
and the objective.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
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


def one_round_of_scikit_learn(x_path, w_path, h_path, loss, iterations):
    """In a process of its own, so that the number of threads can be set."""
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


def run(command, threads):
    limits = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")
    environment = os.environ | {name: str(threads) for name in limits}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    arguments.add_argument("--k", type=int, default=20)
    arguments.add_argument("--iterations", type=int, default=200)
    arguments.add_argument("--losses", nargs="+", choices=LOSSES, default=LOSSES)
    arguments.add_argument("--sets", nargs="+", default=["news20", "pbmc_facs"])
    arguments.add_argument("--data", default=os.environ.get("DIABOLO_DATA", str(ROOT / "../shared/data")))
    arguments.add_argument("--one-round", nargs=5, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.one_round:
        return one_round_of_scikit_learn(*options.one_round)

    import scipy.sparse
    from sklearn.decomposition._nmf import _initialize_nmf

    head = f"{'data':<10} {'loss':<17} {'threads':>7} {'program':<13} {'seconds':>8} {'n_iter':>7}"
    print(f"{head} {'objective':>16}  ratio")
    for name, x in matrices(options.data):
        if name not in options.sets:
            continue
        with tempfile.TemporaryDirectory() as folder:
            x_path, w_path, h_path = (f"{folder}/{file}" for file in ("x.npz", "w.npy", "h.npy"))
            scipy.sparse.save_npz(x_path, x)
            w, h = _initialize_nmf(x, options.k, init="nndsvda", random_state=0)
            np.save(w_path, w)
            np.save(h_path, h)
            for loss in options.losses:
                for threads in options.threads:
                    peer, own = [], []
                    for _ in range(options.rounds):
                        files = [x_path, w_path, h_path, loss]
                        peer.append(
                            run([sys.executable, __file__, "--one-round", *files, str(options.iterations)], threads)
                        )
                        program = str(ROOT / "target/release/examples/nmf_race")
                        own.append(run([program, *files, repr(peer[-1]["objective"]), "2000"], threads))
                    median = {
                        "scikit-learn": statistics.median(r["seconds"] for r in peer),
                        "diabolo": statistics.median(r["seconds"] for r in own),
                    }
                    for program, rounds in (("scikit-learn", peer), ("diabolo", own)):
                        last, ratio = rounds[-1], median["scikit-learn"] / median[program]
                        row = f"{name:<10} {loss:<17} {threads:>7} {program:<13} {median[program]:>8.3f}"
                        print(f"{row} {last['n_iter']:>7} {last['objective']:>16.2f}  {ratio:.2f}", flush=True)


if __name__ == "__main__":
    main()
