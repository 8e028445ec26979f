"""Non-negative least squares beside scipy and a batched block principal pivoting in numpy.

    cargo build --release --example nnls
    python benches/peers/nnls.py [--samples 20000] [--threads 1 2]

1,296 genes x 17 types, log-normal profiles; the same .npy files go to every program. Printed are samples a
second, the ratio, and the largest difference from scipy on the first 200 samples.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]


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


def numpy_round(signature_path, mixtures_path):
    signature, mixtures = np.load(signature_path), np.load(mixtures_path)
    began = time.perf_counter()
    scale = np.linalg.norm(signature, axis=0)
    unit = signature / scale
    batched_block_pivoting(unit.T @ unit, unit.T @ mixtures.T)
    print(json.dumps({"samples_per_second": len(mixtures) / (time.perf_counter() - began)}))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--samples", type=int, default=20_000)
    arguments.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    arguments.add_argument("--one-round", nargs=2, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.one_round:
        return numpy_round(*options.one_round)

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
        for threads in options.threads:
            environment = os.environ | {
                "OMP_NUM_THREADS": str(threads),
                "OPENBLAS_NUM_THREADS": str(threads),
                "RAYON_NUM_THREADS": str(threads),
            }
            programs = {
                "numpy": [sys.executable, __file__, "--one-round", *paths[:2]],
                "diabolo": [str(ROOT / "target/release/examples/nnls"), *paths],
            }
            speed = {}
            for program, command in programs.items():
                runs = [subprocess.run(command, env=environment, capture_output=True, text=True, check=True) for _ in range(3)]
                speed[program] = sorted(json.loads(run.stdout)["samples_per_second"] for run in runs)[1]
            off = np.abs(np.load(paths[2])[:200] - exact).max()
            print(
                f"{threads} thread(s): numpy {speed['numpy']:.0f}, diabolo {speed['diabolo']:.0f} samples/s, "
                f"{speed['diabolo'] / speed['numpy']:.1f} x; largest difference from scipy {off:.1e}"
            )


if __name__ == "__main__":
    main()
