"""Truncated SVD beside ARPACK (scipy) and scikit-learn's randomised solver, on the same sparse matrix.

    cargo build --release --example svd
    python benches/peers/svd.py [--rounds 5] [--threads 1 2] [--k 100] [--data ../shared/data]

20 Newsgroups (11,214 x 3,072) and PBMC counts (3,774 x 16,791). Rounds alternate between the programs;
printed are the median seconds of the fit and the largest relative error of the singular values against
ARPACK run to machine precision.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def load(path):
    import scipy.io
    import scipy.sparse

    if path.endswith(".npz"):
        import numpy as np

        with np.load(path) as parts:
            shape = tuple(parts["shape"])
            return scipy.sparse.csr_matrix((parts["data"].astype(float), parts["indices"], parts["indptr"]), shape)
    return scipy.io.mmread(path).tocsr().astype(float)


def one_round(solver, path, k):
    import numpy as np

    x = load(path)
    began = time.perf_counter()
    if solver == "arpack":
        from scipy.sparse.linalg import svds

        s = svds(x, k=k, solver="arpack", rng=0)[1][::-1]
    else:
        from sklearn.utils.extmath import randomized_svd

        s = randomized_svd(x, k, n_iter=5, random_state=0)[1]
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "singular_values": np.asarray(s).tolist()}))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    arguments.add_argument("--k", type=int, default=100)
    arguments.add_argument("--data", default=os.environ.get("DIABOLO_DATA", str(ROOT / "../shared/data")))
    arguments.add_argument("--one-round", nargs=2, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.one_round:
        return one_round(*options.one_round, options.k)

    for name in ["news20/tr.mtx.gz", "pbmc_facs/counts.npz"]:
        path = f"{options.data}/{name}"
        me = [sys.executable, __file__, "--k", str(options.k), "--one-round"]
        programs = {
            "arpack": [*me, "arpack", path],
            "randomised": [*me, "randomised", path],
            "diabolo": [str(ROOT / "target/release/examples/svd"), path, str(options.k)],
        }
        for threads in options.threads:
            environment = os.environ | {
                "OMP_NUM_THREADS": str(threads),
                "OPENBLAS_NUM_THREADS": str(threads),
                "RAYON_NUM_THREADS": str(threads),
            }
            rounds = {program: [] for program in programs}
            for _ in range(options.rounds):
                for program, command in programs.items():
                    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
                    rounds[program].append(json.loads(printed.stdout))
            exact = rounds["arpack"][0]["singular_values"]
            median = {program: statistics.median(r["seconds"] for r in runs) for program, runs in rounds.items()}
            print(f"{name}, k = {options.k}, {threads} thread(s)")
            for program, runs in rounds.items():
                found = runs[0]["singular_values"]
                error = max(abs(a - b) / b for a, b in zip(found, exact))
                ratio = median[program] / median["diabolo"]
                print(f"  {program:<11} {median[program]:8.3f} s   {ratio:5.2f} x diabolo   largest error {error:.1e}")


if __name__ == "__main__":
    main()
