"""Archetypal analysis beside py_pcha: the same components, the best of three fits there, of all runs and moves here.

    cargo build --release --example archetype
    python benches/peers/archetype.py [--rounds 3] [--threads 1 2] [--data ../shared/data]

262 spots of the mouse olfactory bulb, 30 principal components of unit rms, of counts as they are (k = 5) and of their logarithms
(k = 5 and 9). Seconds are of all fits together; the objective found here must be the lower one.
"""

import json
import tempfile
import time

import numpy as np

from race import OURS, counts, example, one_round, parser, race, report, require

FITS = 3


def components(folder, log):
    """Library sizes made equal, ln(1 + x) where asked for, 30 components, divided by their root mean square."""
    x = counts(f"{folder}/spatial_mob/counts_genes_x_spots.mtx.gz").T.toarray()
    libraries = x.sum(1, keepdims=True)
    x = x / libraries * np.median(libraries)
    x = np.log1p(x) if log else x
    u, s, _ = np.linalg.svd(x - x.mean(0), full_matrices=False)
    scores = u[:, :30] * s[:30]
    return scores / np.sqrt((scores**2).mean())


def peer_round(x_path, k):
    np.mat = np.asmatrix  # py_pcha is older than NumPy 2
    from py_pcha import PCHA

    x, objectives = np.load(x_path).T, []
    began = time.perf_counter()
    for seed in range(FITS):
        np.random.seed(seed)
        objectives.append(float(np.asarray(PCHA(x, noc=int(k))[3]).ravel()[0]))
    print(json.dumps({"seconds": time.perf_counter() - began, "objective": min(objectives)}))


def main():
    options = parser(__doc__).parse_args()
    if options.one_round:
        return peer_round(*options.one_round)

    with tempfile.TemporaryDirectory() as folder:
        for log, k, n_init, n_moves in [(False, 5, 16, 48), (True, 5, 8, 8), (True, 9, 16, 48)]:
            x_path = f"{folder}/{log}.npy"
            np.save(x_path, components(options.data, log))
            programs = {
                "py_pcha": one_round(__file__, x_path, k),
                OURS: [example("archetype"), x_path, str(k), str(n_init), str(n_moves), "1"],
            }
            for threads in options.threads:
                results = race(programs, options.rounds, threads)
                objectives = {name: result["objective"] for name, result in results.items()}
                require(objectives[OURS] <= objectives["py_pcha"] * (1 + 1e-6), f"objectives {objectives}")
                task = f"archetypes, k = {k}, 262 x 30 of the olfactory bulb{', logged' if log else ''}"
                report(task, results, threads, "py_pcha", "objective")


if __name__ == "__main__":
    main()
