"""Minibatch NMF beside scikit-learn's MiniBatchNMF: the same file, the same batches, to no worse an objective.

    cargo build --release --example nmf_stream
    python benches/peers/nmf_minibatch.py [--rounds 3] [--threads 1 2] [--k 20] [--batch 1024] [--passes 5]

60,000 MNIST pictures in f64, scaled to [0, 1], as .npy: scikit-learn holds the file, diabolo streams it; reading
counts for both. scikit-learn takes --passes passes, diabolo as many as it needs to be no worse. The objective is
1/2 ||X - Z H||^2 with the exact codes Z >= 0 of either's parts, by one program for both.
"""

import json
import subprocess
import tempfile
import time

import numpy as np

from kmeans import images
from race import OURS, example, one_round, parser, race, report, require


def peer_round(x_path, k, batch, passes, h_path):
    from sklearn.decomposition import MiniBatchNMF

    model = MiniBatchNMF(int(k), batch_size=int(batch), max_iter=int(passes), tol=0, max_no_improvement=None, random_state=0)
    began = time.perf_counter()
    model.fit(np.load(x_path))
    seconds = time.perf_counter() - began
    np.save(h_path, model.components_)
    print(json.dumps({"seconds": seconds}))


def objective(x_path, h_path):
    done = subprocess.run([example("nmf_stream"), x_path, h_path], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["objective"]


def main():
    arguments = parser(__doc__, rounds=3)
    arguments.add_argument("--k", type=int, default=20)
    arguments.add_argument("--batch", type=int, default=1024)
    arguments.add_argument("--passes", type=int, default=5)
    options = arguments.parse_args()
    if options.one_round:
        return peer_round(*options.one_round)

    with tempfile.TemporaryDirectory() as folder:
        x_path, theirs, ours = f"{folder}/x.npy", f"{folder}/theirs.npy", f"{folder}/ours.npy"
        np.save(x_path, images(f"{options.data}/mnist").astype(np.float64))
        given = [x_path, str(options.k), str(options.batch)]
        peer = one_round(__file__, *given, options.passes, theirs)
        subprocess.run(peer, check=True, capture_output=True)
        target = objective(x_path, theirs)
        for passes in range(1, 20):
            own = [example("nmf_stream"), *given, str(passes), ours]
            subprocess.run(own, check=True, capture_output=True)
            if objective(x_path, ours) <= target:
                break
        for threads in options.threads:
            results = race({"scikit-learn": peer, OURS: own}, options.rounds, threads)
            results["scikit-learn"] |= {"passes": options.passes, "objective": objective(x_path, theirs)}
            results[OURS] |= {"passes": passes, "objective": objective(x_path, ours)}
            reached = {name: result["objective"] for name, result in results.items()}
            require(reached[OURS] <= reached["scikit-learn"], f"objective {reached}")
            report(f"minibatch NMF, MNIST, k = {options.k}", results, threads, "scikit-learn", "passes", "objective")


if __name__ == "__main__":
    main()
