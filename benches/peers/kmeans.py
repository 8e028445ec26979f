"""k-means beside scikit-learn: the same data, the same first centres, until no sample changes clusters.

    cargo build --release --example kmeans
    python benches/peers/kmeans.py [--rounds 5] [--threads 1 2] [--k 10] [--data ../shared/data]

60,000 MNIST pictures in f32, scaled to [0, 1]; the first centres are exchanged as .npy.
"""

import gzip
import json
import pathlib
import tempfile
import time

import numpy as np

from race import OURS, example, one_round, parser, race, report, require


def images(folder, which="train"):
    """The pictures of an IDX file, packed or not, n x 784 in [0, 1]."""
    (path,) = list(pathlib.Path(folder).glob(f"{which}-images*"))[:1]
    raw = path.read_bytes()
    if raw[:2] == b"\x1f\x8b":
        raw = gzip.decompress(raw)
    n = int.from_bytes(raw[4:8], "big")
    return np.frombuffer(raw, np.uint8, offset=16).reshape(n, -1).astype(np.float32) / np.float32(255)


def peer_round(x_path, start_path):
    from sklearn.cluster import KMeans

    x, start = np.load(x_path), np.load(start_path)
    model = KMeans(len(start), init=start, n_init=1, algorithm="lloyd", tol=0, max_iter=2000)
    began = time.perf_counter()
    model.fit(x)
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "n_iter": int(model.n_iter_), "inertia": float(model.inertia_)}))


def main():
    arguments = parser(__doc__)
    arguments.add_argument("--k", type=int, default=10)
    options = arguments.parse_args()
    if options.one_round:
        return peer_round(*options.one_round)

    from sklearn.cluster import kmeans_plusplus

    with tempfile.TemporaryDirectory() as folder:
        x_path, start_path = f"{folder}/x.npy", f"{folder}/start.npy"
        x = images(f"{options.data}/mnist")
        np.save(x_path, x)
        np.save(start_path, kmeans_plusplus(x, options.k, random_state=0)[0])
        programs = {
            "scikit-learn": one_round(__file__, x_path, start_path),
            OURS: [example("kmeans"), x_path, start_path],
        }
        for threads in options.threads:
            results = race(programs, options.rounds, threads)
            inertia = {name: result["inertia"] for name, result in results.items()}
            require(inertia[OURS] <= inertia["scikit-learn"] * (1 + 1e-5), f"inertia {inertia}")
            report(f"k-means, MNIST, k = {options.k}, f32", results, threads, "scikit-learn", "n_iter", "inertia")


if __name__ == "__main__":
    main()
