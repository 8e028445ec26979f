"""Implicit feedback beside the package `implicit`: the same simulated counts, the same split, the same start.

    cargo build --release --example implicit
    python benches/peers/implicit.py [--rounds 5] [--threads 1 2] [--k 64] [--n-iter 15]

Counts are Poisson of planted rates: 6,000 users, 3,000 items, about 900,000 cells above 0, a fifth of which is held
out. Both programs minimise the same objective in f32, by three steps of conjugate gradients (and, in a second race,
exactly), from one start exchanged as .npy; the package's confidence is its value, so it is given 1 + alpha r. Reading is
not timed, and neither is the package's progress bar. Rounds alternate between the programs; printed are medians of
seconds in the fit, the peak memory of the process that fits, and recall and NDCG at 20 of the held-out items among what
the user has not met, computed here from both programs' factors in the same way:

    recall@20 = hits in the first 20 / min(20, held out), NDCG@20 = sum of 1 / log2(place + 1) over hits / its maximum
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import scipy.sparse as sp

ROOT = pathlib.Path(__file__).resolve().parents[2]


def simulate(n_users, n_items, per_user, rank=16, seed=1):
    """Poisson counts: activity of users, popularity of items, tastes that match."""
    rng = np.random.default_rng(seed)
    activity = np.exp(rng.normal(0, 0.7, n_users) - 0.7**2 / 2)
    popularity = rng.normal(0, 1.0, n_items)
    scale = (1.5**2 / rank) ** 0.25
    p, q = rng.normal(0, scale, (n_users, rank)), rng.normal(0, scale, (n_items, rank))
    rates = np.exp(popularity + p @ q.T)
    rates *= (per_user * activity / rates.sum(1))[:, None]
    return sp.csr_matrix(rng.poisson(rates).astype(np.float64))


def split(counts, share=0.2, seed=2):
    """Train and test as CSR."""
    counts = counts.tocoo()
    is_test = np.random.default_rng(seed).random(counts.nnz) < share
    part = lambda chosen: sp.csr_matrix((counts.data[chosen], (counts.row[chosen], counts.col[chosen])), shape=counts.shape)
    return part(~is_test), part(is_test)


def ranking(users, items, train, test, depth=20):
    """Mean recall and NDCG at `depth` over the users with held-out items."""
    discount = 1 / np.log2(np.arange(depth) + 2)
    ideal = np.cumsum(discount)
    recalls, ndcgs = [], []
    for u in range(train.shape[0]):
        relevant = test.indices[test.indptr[u] : test.indptr[u + 1]]
        if not len(relevant):
            continue
        scores = items @ users[u]
        scores[train.indices[train.indptr[u] : train.indptr[u + 1]]] = -np.inf
        best = np.argpartition(-scores, depth)[:depth]
        best = best[np.argsort(-scores[best])]
        hits = np.isin(best, relevant)
        recalls.append(hits.sum() / min(depth, len(relevant)))
        ndcgs.append((hits * discount).sum() / ideal[min(depth, len(relevant)) - 1])
    return np.mean(recalls), np.mean(ndcgs)


def one_round_of_implicit(train_path, users_path, items_path, out_users, out_items, alpha, ridge, n_iter, exact, threads):
    """In a process of its own, so that the number of threads can be set and its memory measured."""
    import warnings

    warnings.simplefilter("ignore")
    sys.path.remove(str(pathlib.Path(__file__).parent))  # this script has the package's name
    from implicit.cpu.als import AlternatingLeastSquares

    confidence = sp.load_npz(train_path).astype(np.float32)
    confidence.data = 1 + alpha * confidence.data
    users, items = np.load(users_path).astype(np.float32), np.load(items_path).astype(np.float32)
    model = AlternatingLeastSquares(
        factors=users.shape[1], regularization=ridge, alpha=1.0, iterations=n_iter, use_cg=not exact, num_threads=threads
    )
    model.user_factors, model.item_factors = users, items
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    model.fit(confidence, show_progress=False)
    seconds = time.perf_counter() - began
    np.save(out_users, model.user_factors.astype(np.float64))
    np.save(out_items, model.item_factors.astype(np.float64))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": seconds, "n_iter": n_iter, "peak_kb": after, "before_kb": before}))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    arguments.add_argument("--users", type=int, default=6000)
    arguments.add_argument("--items", type=int, default=3000)
    arguments.add_argument("--per-user", type=float, default=220)
    arguments.add_argument("--k", type=int, default=64)
    arguments.add_argument("--alpha", type=float, default=1.0)
    arguments.add_argument("--ridge", type=float, default=10.0)
    arguments.add_argument("--n-iter", type=int, default=15)
    arguments.add_argument("--methods", nargs="+", default=["cg", "cholesky", "ials++"])
    arguments.add_argument("--one-round", nargs=10, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.one_round:
        *paths, alpha, ridge, n_iter, exact, threads = options.one_round
        return one_round_of_implicit(*paths, float(alpha), float(ridge), int(n_iter), exact == "1", int(threads))

    with tempfile.TemporaryDirectory() as folder:
        place = lambda name: f"{folder}/{name}"
        train, test = split(simulate(options.users, options.items, options.per_user))
        sp.save_npz(place("train.npz"), train, compressed=False)
        rng = np.random.default_rng(3)
        scale = 0.1 / np.sqrt(options.k)
        for name, n in (("users", options.users), ("items", options.items)):
            np.save(place(f"{name}.npy"), rng.normal(0, scale, (n, options.k)))
        print(f"{options.users} x {options.items}, {train.nnz} cells to fit, {test.nnz} held out; k = {options.k}")
        start = [place("users.npy"), place("items.npy")]
        example = str(ROOT / "target/release/examples/implicit")
        shared = [str(options.alpha), str(options.ridge), str(options.n_iter)]
        print(f"{'threads':>7} {'program':<18} {'seconds':>8} {'ms/iter':>8} {'recall@20':>10} {'NDCG@20':>8} {'peak MB':>8}  ratio")
        for threads in options.threads:
            limits = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")
            environment = os.environ | {name: str(threads) for name in limits}
            if threads > 1:
                environment["OPENBLAS_NUM_THREADS"] = "1"  # as the package asks
            programs = {}
            for exact, name in ((0, "implicit cg"), (1, "implicit cholesky")):
                out = [place(f"{name}.users.npy"), place(f"{name}.items.npy")]
                words = [sys.executable, __file__, "--one-round", place("train.npz"), *start, *out, *shared, str(exact), str(threads)]
                programs[name] = (words, out, name)
            for method in options.methods:
                out = [place(f"{method}.users.npy"), place(f"{method}.items.npy")]
                words = [example, place("train.npz"), method, str(options.k), *shared, *start, *out]
                peer = "implicit cholesky" if method == "cholesky" else "implicit cg"
                programs[f"diabolo {method}"] = (words, out, peer)
            results = {name: [] for name in programs}
            for _ in range(options.rounds):
                for name, (words, _, _) in programs.items():
                    done = subprocess.run(words, env=environment, capture_output=True, text=True)
                    if done.returncode:
                        sys.exit(done.stderr)
                    results[name].append(json.loads(done.stdout))
            medians = {name: statistics.median(r["seconds"] for r in rounds) for name, rounds in results.items()}
            for name, (_, out, peer) in programs.items():
                users, items = (np.load(path) for path in out)
                recall, ndcg = ranking(users, items, train, test)
                peak = results[name][-1]["peak_kb"] / 1e3
                ratio = medians[peer] / medians[name]
                per_iteration = 1e3 * medians[name] / options.n_iter
                print(f"{threads:>7} {name:<18} {medians[name]:>8.3f} {per_iteration:>8.1f} {recall:>10.4f} {ndcg:>8.4f} {peak:>8.0f}  {ratio:.2f}")


if __name__ == "__main__":
    main()
