"""Poisson topics beside scikit-learn's Kullback-Leibler NMF by multiplicative updates: same counts, same random start.

    cargo build --release --example fasttopics_race
    python benches/peers/fasttopics.py [--rounds 3] [--threads 1 2] [--k 6] [--iterations 100] [--data ../shared/data]

scikit-learn takes its iterations on the PBMC counts (3,774 cells x 16,791 genes); diabolo starts at the same factors,
exchanged as .npy, takes ten steps of expectation maximisation and then of coordinate descent, and stops where its log
likelihood, sum x ln m - m - ln Gamma(x + 1), is at or above scikit-learn's. A second line goes to the figure that
fastTopics reaches after 20 updates of `scd` with extrapolation from such a start, -8,689,772.5, in 25.6 seconds of one
core (not run here).
"""

import json
import tempfile
import time
import warnings

import numpy as np

from race import OURS, example, one_round, parser, race, report, require, run

FASTTOPICS = -8689772.5


def log_likelihood(x, l, f):
    from scipy.special import gammaln

    i, j = x.nonzero()
    m = np.einsum("ik,ik->i", l[i], f[j])
    return float(np.sum(x.data * np.log(m)) - np.sum(l.sum(0) * f.sum(0)) - np.sum(gammaln(x.data + 1)))


def peer_round(x_path, l_path, f_path, iterations):
    import scipy.sparse
    from sklearn.decomposition import NMF

    warnings.simplefilter("ignore")
    x, l, f = scipy.sparse.load_npz(x_path), np.load(l_path), np.load(f_path)
    model = NMF(l.shape[1], init="custom", solver="mu", beta_loss="kullback-leibler", tol=0, max_iter=int(iterations))
    began = time.perf_counter()
    w = model.fit_transform(x, W=l, H=np.ascontiguousarray(f.T))
    seconds = time.perf_counter() - began
    reached = log_likelihood(x, w, model.components_.T)
    print(json.dumps({"seconds": seconds, "n_iter": int(iterations), "log_likelihood": reached}))


def main():
    arguments = parser(__doc__, rounds=3)
    arguments.add_argument("--k", type=int, default=6)
    arguments.add_argument("--iterations", type=int, default=100)
    options = arguments.parse_args()
    if options.one_round:
        return peer_round(*options.one_round)

    import scipy.sparse

    with np.load(f"{options.data}/pbmc_facs/counts.npz") as parts:
        values = (parts["data"].astype(float), parts["indices"], parts["indptr"])
        x = scipy.sparse.csr_matrix(values, tuple(parts["shape"]))
    with tempfile.TemporaryDirectory() as folder:
        files = [f"{folder}/{file}" for file in ("x.npz", "l.npy", "f.npy")]
        scipy.sparse.save_npz(files[0], x)
        draws = np.random.default_rng(1)
        for path, n in zip(files[1:], x.shape):
            np.save(path, draws.random((n, options.k)))
        peer = one_round(__file__, *files, options.iterations)
        target = run(peer, max(options.threads))["log_likelihood"]
        ours = lambda target: [example("fasttopics_race"), *files, repr(target), "500"]
        for threads in options.threads:
            # scikit-learn's updates take a minute: one round tells enough.
            results = race({"scikit-learn": peer, OURS: ours(target)}, 1, threads)
            reached = {name: result["log_likelihood"] for name, result in results.items()}
            require(reached[OURS] >= target, f"log likelihoods {reached}")
            report(f"Poisson topics, pbmc_facs, k = {options.k}", results, threads, "scikit-learn", "n_iter", "log_likelihood")
            alone = race({OURS: ours(FASTTOPICS)}, options.rounds, threads)[OURS]
            require(alone["log_likelihood"] >= FASTTOPICS, f"log likelihood {alone}")
            print(f"  to fastTopics' {FASTTOPICS}: {alone['seconds']:.3f} s, {alone['n_iter']} iterations", flush=True)


if __name__ == "__main__":
    main()
