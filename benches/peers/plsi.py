"""pLSI's expectation maximisation beside the same steps in numpy, from one start, on 20 Newsgroups.

    cargo build --release --example plsi_race
    python benches/peers/plsi.py [--rounds 3] [--threads 1 2] [--k 20] [--iterations 50] [--data ../shared/data]

No maintained Python package fits pLSI; the peer is the step as one writes it with scipy's sparse products: the words'
probabilities at the entries, ratios, two products. Both take the same steps: the log likelihoods must agree.
"""

import json
import tempfile
import time

import numpy as np

from race import OURS, counts, example, one_round, parser, race, report, require


def peer_round(path, l_path, f_path, iterations):
    import scipy.sparse
    from scipy.special import gammaln

    x, l, f = counts(path), np.load(l_path), np.load(f_path)
    i = np.repeat(np.arange(x.shape[0]), np.diff(x.indptr))
    fitted = lambda: np.einsum("ik,ik->i", l[i], f[x.indices])
    began = time.perf_counter()
    for _ in range(int(iterations)):
        ratio = scipy.sparse.csr_matrix((x.data / fitted(), x.indices, x.indptr), x.shape)
        n_doc, n_word = l * (ratio @ f), f * (ratio.T @ l)
        f = n_word / l.sum(0)
        l = n_doc / f.sum(0)
    reached = np.sum(x.data * np.log(fitted())) - np.sum(l.sum(0) * f.sum(0)) - np.sum(gammaln(x.data + 1))
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "n_iter": int(iterations), "objective": float(reached)}))


def main():
    arguments = parser(__doc__, rounds=3)
    arguments.add_argument("--k", type=int, default=20)
    arguments.add_argument("--iterations", type=int, default=50)
    options = arguments.parse_args()
    if options.one_round:
        return peer_round(*options.one_round)

    path = f"{options.data}/news20/tr.mtx.gz"
    with tempfile.TemporaryDirectory() as folder:
        files = [f"{folder}/l.npy", f"{folder}/f.npy"]
        draws = np.random.default_rng(1)
        for file, n in zip(files, counts(path).shape):
            np.save(file, draws.random((n, options.k)))
        programs = {
            "scipy": one_round(__file__, path, *files, options.iterations),
            OURS: [example("plsi_race"), path, *files, str(options.iterations)],
        }
        for threads in options.threads:
            results = race(programs, options.rounds, threads)
            reached = {name: result["objective"] for name, result in results.items()}
            require(abs(reached[OURS] / reached["scipy"] - 1) < 1e-9, f"log likelihoods {reached}")
            report(f"pLSI, news20, k = {options.k}", results, threads, "scipy", "n_iter", "objective")


if __name__ == "__main__":
    main()
