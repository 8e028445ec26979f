"""Completion beside cmfrec: the same simulated ratings, the same split, the same ridge and iterations.

    cargo build --release --example completion
    python benches/peers/completion.py [--rounds 5] [--threads 1 2] [--k 20] [--n-iter 10]
    python benches/peers/completion.py --grid    # errors only, at several ranks and ridges, over --seeds 3 starts

Ratings are r = 3.5 + b_u + c_i + p_u . q_i + noise of standard deviation .5, so no prediction of unseen ones
can have a smaller error. Both programs minimise the same objective with exact solves in f64: mean, biases,
ridge times the number of ratings. The split is exchanged as .npz; reading is not timed. `rmse` is the error at
the ratings left out. The grid has ratings spread evenly over users and items, or as unevenly as activity and
popularity are (log-normal, deviation 1).
"""

import json
import tempfile
import time

import numpy as np
import scipy.sparse as sp

from race import OURS, example, one_round, parser, race, report, require, run


def simulate(n_users, n_items, rank, density, seed=1, skew=0.0):
    """Observed ratings as a sparse matrix; `skew` is the deviation of log activity and log popularity."""
    rng = np.random.default_rng(seed)
    n = int(n_users * n_items * density)
    if skew > 0:
        # The n largest of log weight + Gumbel noise are a draw without replacement by weight.
        weights = rng.normal(0, skew, n_users)[:, None] + rng.normal(0, skew, n_items)[None, :]
        places = np.argpartition(-(weights + rng.gumbel(size=weights.shape)).ravel(), n)[:n]
    else:
        places = rng.choice(n_users * n_items, size=n, replace=False)
    users, items = places // n_items, places % n_items
    scale = (0.7**2 / rank) ** 0.25
    p, q = rng.normal(0, scale, (n_users, rank)), rng.normal(0, scale, (n_items, rank))
    biases = rng.normal(0, 0.4, n_users)[users] + rng.normal(0, 0.4, n_items)[items]
    values = 3.5 + biases + np.einsum("tk,tk->t", p[users], q[items]) + rng.normal(0, 0.5, n)
    return sp.coo_matrix((values, (users, items)), shape=(n_users, n_items))


def split(ratings, share=0.1, seed=2):
    """Train and test as CSR."""
    is_test = np.random.default_rng(seed).random(ratings.nnz) < share
    part = lambda chosen: sp.csr_matrix((ratings.data[chosen], (ratings.row[chosen], ratings.col[chosen])), shape=ratings.shape)
    return part(~is_test), part(is_test)


def peer_round(train_path, test_path, k, ridge, n_iter, threads):
    from cmfrec import CMF

    train, test = sp.load_npz(train_path).tocoo(), sp.load_npz(test_path).tocoo()
    model = CMF(k=k, lambda_=ridge, scale_lam=True, niter=n_iter, use_cg=False, use_float=False, nthreads=threads, precompute_for_predictions=False)
    began = time.perf_counter()
    model.fit(train)
    seconds = time.perf_counter() - began
    error = model.predict(test.row, test.col) - test.data
    print(json.dumps({"seconds": seconds, "n_iter": n_iter, "rmse": float(np.sqrt(np.mean(error**2)))}))


def grid(seeds, at_most=0.001):
    """Prints the errors of both programs, means over the seeds of their starts, and how far ours is above."""
    from cmfrec import CMF

    excesses = []
    with tempfile.TemporaryDirectory() as folder:
        files = [f"{folder}/train.npz", f"{folder}/test.npz"]
        for skew in (0.0, 1.0):
            train, test = split(simulate(2000, 1000, 10, 0.03, skew=skew))
            for path, part in zip(files, (train, test)):
                sp.save_npz(path, part, compressed=False)
            there = test.tocoo()
            for k in (5, 10, 20):
                for ridge in (0.06, 0.1, 0.16):
                    for n_iter in (10, 50):
                        theirs, ours = [], []
                        for seed in range(1, seeds + 1):
                            model = CMF(k=k, lambda_=ridge, scale_lam=True, niter=n_iter, use_cg=False, use_float=False, precompute_for_predictions=False, verbose=False, random_state=seed)
                            error = model.fit(train.tocoo()).predict(there.row, there.col) - there.data
                            theirs.append(np.sqrt(np.mean(error**2)))
                            ours.append(run([example("completion"), *files, "als", str(k), str(ridge), str(n_iter), str(seed)], 2)["rmse"])
                        excesses.append(np.mean(ours) - np.mean(theirs))
                        shown = [f"{name} {np.mean(errors):.4f} +- {np.std(errors):.4f}" for name, errors in (("cmfrec", theirs), (OURS, ours))]
                        print(f"skew {skew:.0f}  k {k:>2}  ridge {ridge:.2f}  {n_iter} iterations  {'  '.join(shown)}  {excesses[-1]:+.4f}", flush=True)
    print(f"on average {np.mean(excesses):+.4f}, at the most {max(excesses):+.4f}")
    require(max(excesses) <= at_most, f"an rmse {max(excesses):.4f} above cmfrec's")


def main():
    arguments = parser(__doc__)
    arguments.add_argument("--grid", action="store_true")
    arguments.add_argument("--seeds", type=int, default=3)
    arguments.add_argument("--users", type=int, default=6000)
    arguments.add_argument("--items", type=int, default=3000)
    arguments.add_argument("--density", type=float, default=0.05)
    arguments.add_argument("--k", type=int, default=20)
    arguments.add_argument("--ridge", type=float, default=0.02)
    arguments.add_argument("--n-iter", type=int, default=10)
    options = arguments.parse_args()
    if options.grid:
        return grid(options.seeds)
    if options.one_round:
        train, test, k, ridge, n_iter, threads = options.one_round
        return peer_round(train, test, int(k), float(ridge), int(n_iter), int(threads))

    with tempfile.TemporaryDirectory() as folder:
        train_path, test_path = f"{folder}/train.npz", f"{folder}/test.npz"
        train, test = split(simulate(options.users, options.items, options.k, options.density))
        sp.save_npz(train_path, train, compressed=False)
        sp.save_npz(test_path, test, compressed=False)
        print(f"{options.users} x {options.items}, {train.nnz} ratings to fit, {test.nnz} to predict; noise floor .5")
        common = [train_path, test_path]
        numbers = [str(options.k), str(options.ridge), str(options.n_iter)]
        for threads in options.threads:
            programs = {
                "cmfrec": one_round(__file__, *common, *numbers, threads),
                OURS: [example("completion"), *common, "als", *numbers],
                "diabolo, sgd": [example("completion"), *common, "sgd", *numbers],
            }
            results = race(programs, options.rounds, threads)
            rmse = {name: result["rmse"] for name, result in results.items()}
            require(rmse[OURS] <= rmse["cmfrec"], f"rmse {rmse}")
            report(f"completion by ALS, {train.nnz} ratings, k = {options.k}", results, threads, "cmfrec", "rmse")


if __name__ == "__main__":
    main()
