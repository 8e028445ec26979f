"""k-means beside scikit-learn: the same data, the same first centres, until no sample changes clusters.

    cargo build --release --example kmeans
    python benches/peers/kmeans.py [--rounds 5] [--threads 1 2] [--k 10] [--data ../shared/data/mnist]

60,000 MNIST pictures in f32, scaled to [0, 1]; the first centres are exchanged as .npy. Rounds alternate
between both programs; printed are the median of the seconds of the fit, the peak memory of the whole
process, iterations and inertia.
"""

import argparse
import gzip
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]


def images(folder):
    """The training pictures of an IDX file, packed or not, n x 784 in [0, 1]."""
    (path,) = list(pathlib.Path(folder).glob("train-images*"))[:1]
    raw = path.read_bytes()
    if raw[:2] == b"\x1f\x8b":
        raw = gzip.decompress(raw)
    n = int.from_bytes(raw[4:8], "big")
    return np.frombuffer(raw, np.uint8, offset=16).reshape(n, -1).astype(np.float32) / np.float32(255)


def one_round_of_scikit_learn(x_path, start_path):
    """In a process of its own, so that the number of threads can be set."""
    from sklearn.cluster import KMeans

    x, start = np.load(x_path), np.load(start_path)
    model = KMeans(len(start), init=start, n_init=1, algorithm="lloyd", tol=0, max_iter=2000)
    began = time.perf_counter()
    model.fit(x)
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "n_iter": int(model.n_iter_), "inertia": float(model.inertia_)}))


def run(command, environment):
    """What a program prints, with the peak memory of its process in MB."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{command[0]} failed")
    return json.loads(printed) | {"megabytes": usage.ru_maxrss / 1000}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    arguments.add_argument("--k", type=int, default=10)
    arguments.add_argument("--data", default=os.environ.get("DIABOLO_DATA", str(ROOT / "../shared/data")) + "/mnist")
    arguments.add_argument("--one-round", nargs=2, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.one_round:
        return one_round_of_scikit_learn(*options.one_round)

    from sklearn.cluster import kmeans_plusplus

    with tempfile.TemporaryDirectory() as folder:
        x_path, start_path = f"{folder}/x.npy", f"{folder}/start.npy"
        x = images(options.data)
        np.save(x_path, x)
        np.save(start_path, kmeans_plusplus(x, options.k, random_state=0)[0])
        programs = {
            "scikit-learn": [sys.executable, __file__, "--one-round", x_path, start_path],
            "diabolo": [str(ROOT / "target/release/examples/kmeans"), x_path, start_path],
        }
        print(f"{'threads':>7} {'program':<13} {'seconds':>8} {'MB':>6} {'n_iter':>7} {'inertia':>14}  ratio")
        for threads in options.threads:
            limits = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")
            environment = os.environ | {name: str(threads) for name in limits}
            results = {name: [] for name in programs}
            for _ in range(options.rounds):
                for name, command in programs.items():
                    results[name].append(run(command, environment))
            medians = {name: statistics.median(r["seconds"] for r in rounds) for name, rounds in results.items()}
            for name, rounds in results.items():
                last = rounds[-1]
                ratio = medians["scikit-learn"] / medians[name]
                memory = max(r["megabytes"] for r in rounds)
                row = f"{threads:>7} {name:<13} {medians[name]:>8.3f} {memory:>6.0f}"
                print(f"{row} {last['n_iter']:>7} {last['inertia']:>14.1f}  {ratio:.2f}")


if __name__ == "__main__":
    main()
