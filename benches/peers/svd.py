"""Truncated SVD beside ARPACK (scipy) and scikit-learn's randomised solver, on the same sparse matrix.

    cargo build --release --example svd
    python benches/peers/svd.py [--rounds 5] [--threads 1 2] [--k 100] [--data ../shared/data]

20 Newsgroups (11,214 x 3,072) and PBMC counts (3,774 x 16,791); `off` is the largest relative error of the
singular values against ARPACK run to machine precision.
"""

import json
import time

from race import OURS, example, one_round, parser, race, report, require


def load(path):
    import numpy as np
    import scipy.io
    import scipy.sparse

    if path.endswith(".npz"):
        with np.load(path) as parts:
            shape = tuple(parts["shape"])
            return scipy.sparse.csr_matrix((parts["data"].astype(float), parts["indices"], parts["indptr"]), shape)
    return scipy.io.mmread(path).tocsr().astype(float)


def peer_round(solver, path, k):
    x = load(path)
    began = time.perf_counter()
    if solver == "arpack":
        from scipy.sparse.linalg import svds

        s = svds(x, k=int(k), solver="arpack", rng=0)[1][::-1]
    else:
        from sklearn.utils.extmath import randomized_svd

        s = randomized_svd(x, int(k), n_iter=5, random_state=0)[1]
    print(json.dumps({"seconds": time.perf_counter() - began, "singular_values": s.tolist()}))


def main():
    arguments = parser(__doc__)
    arguments.add_argument("--k", type=int, default=100)
    options = arguments.parse_args()
    if options.one_round:
        return peer_round(*options.one_round)

    for name in ["news20/tr.mtx.gz", "pbmc_facs/counts.npz"]:
        path, k = f"{options.data}/{name}", options.k
        programs = {
            "ARPACK": one_round(__file__, "arpack", path, k),
            "randomised": one_round(__file__, "randomised", path, k),
            OURS: [example("svd"), path, str(k)],
        }
        for threads in options.threads:
            results = race(programs, options.rounds, threads)
            exact = results["ARPACK"]["singular_values"]
            for result in results.values():
                result["off"] = max(abs(a - b) / b for a, b in zip(result["singular_values"], exact))
            require(results[OURS]["off"] < 1e-8, "singular values differ")
            report(f"truncated SVD, {name.split('/')[0]}, k = {k}", results, threads, "ARPACK", "off")


if __name__ == "__main__":
    main()
