"""Bayesian factorisation beside smurff and myfm: the same simulated ratings, split and number of sweeps.

    cargo build --release --example bpmf --example completion
    python benches/peers/bpmf.py [--rounds 3] [--threads 1 2] [--k 20] [--n-iter 200] [--burn-in 50]

The ratings of completion.py: noise of standard deviation .5, so no prediction of unseen ones can have a smaller
error. smurff samples BPMF with Gaussian-Wishart priors and no biases (the mean is subtracted; the noise is given to it);
myfm samples a Bayesian factorisation machine on (user, item), which is matrix factorisation with biases and
diagonal precisions. diabolo learns the noise. Least squares (diabolo's completion at its best ridge of a few) is the line to stay
below. Reading is not timed; `rmse` is the error at the ratings left out, `coverage` the share of them within 95 %
intervals where a program gives them.
"""

import json
import tempfile
import time

import numpy as np
import scipy.sparse as sp

from completion import simulate, split
from race import OURS, example, one_round, parser, race, report, require, run


def load(train_path, test_path):
    return sp.load_npz(train_path).tocoo(), sp.load_npz(test_path).tocoo()


def tell(seconds, predicted, test):
    print(json.dumps({"seconds": seconds, "rmse": float(np.sqrt(np.mean((predicted - test.data) ** 2)))}))


def smurff_round(train_path, test_path, k, n_iter, burn_in, threads):
    import smurff

    train, test = load(train_path, test_path)
    mean = train.data.mean()
    centred = lambda m: sp.coo_matrix((m.data - mean, (m.row, m.col)), shape=m.shape)
    session = smurff.BPMFSession(centred(train), is_scarce=True, Ytest=centred(test), num_latent=k, burnin=burn_in, nsamples=n_iter - burn_in, num_threads=threads, verbose=0, seed=1)
    began = time.perf_counter()
    predictions = session.run()
    seconds = time.perf_counter() - began
    by_place = {p.coords: p.pred_avg for p in predictions}
    predicted = mean + np.array([by_place[place] for place in zip(test.row, test.col)])
    tell(seconds, predicted, test)


def myfm_round(train_path, test_path, k, n_iter, burn_in, threads):
    import myfm

    train, test = load(train_path, test_path)
    n_users, n_items = train.shape

    def one_hot(m):
        places = np.stack([m.row, n_users + m.col], axis=1).ravel()
        return sp.csr_matrix((np.ones(2 * m.nnz), places, np.arange(0, 2 * m.nnz + 1, 2)), shape=(m.nnz, n_users + n_items))

    groups = [0] * n_users + [1] * n_items
    model = myfm.MyFMRegressor(rank=k, random_seed=1)
    began = time.perf_counter()
    model.fit(one_hot(train), train.data, n_iter=n_iter, n_kept_samples=n_iter - burn_in, grouping=groups)
    seconds = time.perf_counter() - began
    tell(seconds, model.predict(one_hot(test)), test)


def main():
    arguments = parser(__doc__, rounds=3)
    arguments.add_argument("--users", type=int, default=2000)
    arguments.add_argument("--items", type=int, default=1000)
    arguments.add_argument("--density", type=float, default=0.05)
    arguments.add_argument("--k", type=int, default=20)
    arguments.add_argument("--n-iter", type=int, default=200)
    arguments.add_argument("--burn-in", type=int, default=50)
    options = arguments.parse_args()
    if options.one_round:
        which, train, test, *numbers = options.one_round
        return {"smurff": smurff_round, "myfm": myfm_round}[which](train, test, *map(int, numbers))

    with tempfile.TemporaryDirectory() as folder:
        common = [f"{folder}/train.npz", f"{folder}/test.npz"]
        train, test = split(simulate(options.users, options.items, options.k, options.density))
        for path, part in zip(common, (train, test)):
            sp.save_npz(path, part, compressed=False)
        print(f"{options.users} x {options.items}, {train.nnz} ratings to fit, {test.nnz} to predict; noise floor .5")
        ridges = ("0.02", "0.03", "0.04", "0.06", "0.09")
        squares = [[example("completion"), *common, "als", str(options.k), ridge, "50"] for ridge in ridges]
        best = min(run(command, 2)["rmse"] for command in squares)
        print(f"least squares, best of {len(ridges)} ridges: rmse {best:.4f}")
        numbers = [options.k, options.n_iter, options.burn_in]
        for threads in options.threads:
            programs = {which: one_round(__file__, which, *common, *numbers, threads) for which in ("smurff", "myfm")}
            programs[OURS] = [example("bpmf"), *common, *map(str, numbers)]
            results = race(programs, options.rounds, threads)
            rmse = {name: result["rmse"] for name, result in results.items()}
            require(rmse[OURS] <= min(best, rmse["smurff"] + 1e-3), f"rmse {rmse}")
            report(f"Bayesian factorisation, {train.nnz} ratings, k = {options.k}", results, threads, "smurff", "rmse", "coverage")


if __name__ == "__main__":
    main()
