"""Implicit feedback beside the package `implicit`: the same simulated counts, the same split, the same start.

    cargo build --release --example implicit
    python benches/peers/implicit.py [--rounds 5] [--threads 1 2] [--k 64] [--n-iter 15]

Counts are Poisson of planted rates: 6,000 users, 3,000 items, about 900,000 cells above 0, a fifth of which is held
out. Both programs minimise the same objective in f32, by three steps of conjugate gradients or exactly, from one start
exchanged as .npy; the package's confidence is its value, so it is given 1 + alpha r. Reading is not timed. Recall and
NDCG at 20 of the held-out items among what the user has not met are computed here from both programs' factors in the
same way:

    recall@20 = hits in the first 20 / min(20, held out), NDCG@20 = sum of 1 / log2(place + 1) over hits / its maximum
"""

import json
import pathlib
import sys
import tempfile
import time

import numpy as np
import scipy.sparse as sp

from race import OURS, example, one_round, parser, race, report, require


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


def peer_round(train_path, users_path, items_path, out_users, out_items, method, k, alpha, ridge, n_iter, threads):
    import warnings

    warnings.simplefilter("ignore")
    sys.path.remove(str(pathlib.Path(__file__).parent))  # this script has the package's name
    from implicit.cpu.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits

    threadpool_limits(1, "blas")  # the package asks for it: its threads are its own

    confidence = sp.load_npz(train_path).astype(np.float32)
    confidence.data = 1 + float(alpha) * confidence.data
    model = AlternatingLeastSquares(
        factors=int(k),
        regularization=float(ridge),
        alpha=1.0,
        iterations=int(n_iter),
        use_cg=method == "cg",
        num_threads=int(threads),
    )
    model.user_factors = np.load(users_path).astype(np.float32)
    model.item_factors = np.load(items_path).astype(np.float32)
    began = time.perf_counter()
    model.fit(confidence, show_progress=False)
    seconds = time.perf_counter() - began
    np.save(out_users, model.user_factors.astype(np.float64))
    np.save(out_items, model.item_factors.astype(np.float64))
    print(json.dumps({"seconds": seconds, "n_iter": int(n_iter)}))


def main():
    arguments = parser(__doc__)
    arguments.add_argument("--users", type=int, default=6000)
    arguments.add_argument("--items", type=int, default=3000)
    arguments.add_argument("--per-user", type=float, default=220)
    arguments.add_argument("--k", type=int, default=64)
    arguments.add_argument("--alpha", type=float, default=1.0)
    arguments.add_argument("--ridge", type=float, default=10.0)
    arguments.add_argument("--n-iter", type=int, default=15)
    arguments.add_argument("--methods", nargs="+", default=["cg"], choices=["cg", "cholesky", "ials++"])
    options = arguments.parse_args()
    if options.one_round:
        return peer_round(*options.one_round)

    with tempfile.TemporaryDirectory() as folder:
        place = lambda name: f"{folder}/{name}"
        train, test = split(simulate(options.users, options.items, options.per_user))
        sp.save_npz(place("train.npz"), train, compressed=False)
        rng = np.random.default_rng(3)
        start = [place("users.npy"), place("items.npy")]
        for path, n in zip(start, (options.users, options.items)):
            np.save(path, rng.normal(0, 0.1 / np.sqrt(options.k), (n, options.k)))
        print(f"{options.users} x {options.items}, {train.nnz} cells to fit, {test.nnz} held out")
        for threads in options.threads:
            for method in options.methods:
                numbers = [method, str(options.k), str(options.alpha), str(options.ridge), str(options.n_iter)]
                found = {name: [place(f"{name}.users.npy"), place(f"{name}.items.npy")] for name in ("implicit", OURS)}
                programs = {
                    "implicit": one_round(__file__, place("train.npz"), *start, *found["implicit"], *numbers, threads),
                    OURS: [example("implicit"), place("train.npz"), *numbers, *start, *found[OURS]],
                }
                results = race(programs, options.rounds, threads)
                for name, paths in found.items():
                    recall, ndcg = ranking(*map(np.load, paths), train, test)
                    results[name] |= {"recall_at_20": recall, "ndcg_at_20": ndcg}
                recalls = {name: result["recall_at_20"] for name, result in results.items()}
                require(recalls[OURS] >= recalls["implicit"] - 1e-3, f"recall@20 {recalls}")
                task = f"implicit ALS by {method}, {train.nnz} interactions, k = {options.k}, {options.n_iter} iterations"
                report(task, results, threads, "implicit", "recall_at_20", "ndcg_at_20")


if __name__ == "__main__":
    main()
