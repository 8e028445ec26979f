"""Non-negative least squares beside scipy and a batched block principal pivoting in numpy.

    cargo build --release --example nnls
    python benches/peers/nnls.py [--samples 20000] [--threads 1 2]

1,296 genes x 17 types, log-normal profiles; the same .npy files go to every program. Printed are samples a
second and the largest difference from scipy on the first 200 samples.
"""

import json
import tempfile
import time

import numpy as np

from race import OURS, example, one_round, parser, race, report, require


def batched_block_pivoting(gram, products, max_iter=200):
    """Kim & Park 2011 with right-hand sides grouped by passive set; columns are samples."""
    k, n = products.shape
    x, y = np.zeros((k, n)), -products
    passive = np.zeros((k, n), bool)
    patience, fewest = np.full(n, 3), np.full(n, k + 1)
    floor = -1e-9 * np.abs(products).max()
    for _ in range(max_iter):
        wrong = (passive & (x < -1e-12)) | (~passive & (y < floor))
        count = wrong.sum(0)
        todo = np.where(count > 0)[0]
        if len(todo) == 0:
            break
        better = count[todo] < fewest[todo]
        fewest[todo[better]] = count[todo[better]]
        patience[todo[better]] = 3
        waits = ~better & (patience[todo] > 0)
        patience[todo[waits]] -= 1
        whole = todo[better | waits]
        passive[:, whole] ^= wrong[:, whole]
        for j in todo[~(better | waits)]:
            last = np.max(np.where(wrong[:, j])[0])
            passive[last, j] ^= True
        _, group = np.unique(np.packbits(passive[:, todo], axis=0).T, axis=0, return_inverse=True)
        group = group.ravel()
        order = np.argsort(group, kind="stable")
        ends = np.searchsorted(group[order], np.arange(group.max() + 2))
        for g in range(group.max() + 1):
            columns = todo[order[ends[g] : ends[g + 1]]]
            f = passive[:, columns[0]]
            found = np.linalg.solve(gram[np.ix_(f, f)], products[np.ix_(f, columns)])
            x[:, columns], y[:, columns] = 0, 0
            x[np.ix_(f, columns)] = found
            y[np.ix_(~f, columns)] = gram[np.ix_(~f, f)] @ found - products[np.ix_(~f, columns)]
    return np.maximum(x, 0)


def peer_round(signature_path, mixtures_path):
    signature, mixtures = np.load(signature_path), np.load(mixtures_path)
    began = time.perf_counter()
    scale = np.linalg.norm(signature, axis=0)
    unit = signature / scale
    batched_block_pivoting(unit.T @ unit, unit.T @ mixtures.T)
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "samples_per_second": len(mixtures) / seconds}))


def main():
    arguments = parser(__doc__)
    arguments.add_argument("--samples", type=int, default=20_000)
    options = arguments.parse_args()
    if options.one_round:
        return peer_round(*options.one_round)

    from scipy.optimize import nnls

    rng = np.random.default_rng(0)
    signature = np.exp(rng.normal(size=(1296, 17)) * 1.5 + 3)
    weights = rng.dirichlet(np.full(17, 0.3), options.samples)
    mixtures = (weights @ signature.T) * np.exp(rng.normal(size=(options.samples, 1296)) * 0.1)
    with tempfile.TemporaryDirectory() as folder:
        paths = [f"{folder}/signature.npy", f"{folder}/mixtures.npy", f"{folder}/weights.npy"]
        np.save(paths[0], signature)
        np.save(paths[1], mixtures)
        began = time.perf_counter()
        exact = np.array([nnls(signature, y)[0] for y in mixtures[:200]])
        print(f"scipy, one after the other: {200 / (time.perf_counter() - began):.0f} samples/s")
        programs = {"batched numpy": one_round(__file__, *paths[:2]), OURS: [example("nnls"), *paths]}
        for threads in options.threads:
            results = race(programs, options.rounds, threads)
            off = np.abs(np.load(paths[2])[:200] - exact).max()
            print(f"largest difference from scipy {off:.1e}")
            require(off < 1e-10, "the solutions differ from scipy's")
            task = f"NNLS, {options.samples} samples, 1296 x 17"
            report(task, results, threads, "batched numpy", "samples_per_second")


if __name__ == "__main__":
    main()
