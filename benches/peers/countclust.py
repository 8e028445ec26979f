"""Grades of membership by MAP beside scikit-learn's variational LDA with the same priors, on 20 Newsgroups.

    cargo build --release --example plsi_race
    python benches/peers/countclust.py [--rounds 1] [--threads 1 2] [--k 20] [--iterations 20] [--data ../shared/data]

maptpx and CountClust are R packages and not run here. scikit-learn's batch LDA fits the same model, theta with prior
1/K and beta with prior 1/(K n_words), by another rule: seconds an iteration are what can be compared, with the
perplexities that both reach printed by their own definitions.
"""

import json
import tempfile
import time

import numpy as np

from race import OURS, counts, example, one_round, parser, race, report


def peer_round(path, k, iterations):
    from sklearn.decomposition import LatentDirichletAllocation

    x, k, iterations = counts(path), int(k), int(iterations)
    priors = {"doc_topic_prior": 1 / k, "topic_word_prior": 1 / (k * x.shape[1])}
    model = LatentDirichletAllocation(k, max_iter=iterations, learning_method="batch", random_state=0, **priors)
    began = time.perf_counter()
    model.fit(x)
    print(json.dumps({"seconds": time.perf_counter() - began, "n_iter": iterations}))


def main():
    arguments = parser(__doc__, rounds=1)
    arguments.add_argument("--k", type=int, default=20)
    arguments.add_argument("--iterations", type=int, default=20)
    options = arguments.parse_args()
    if options.one_round:
        return peer_round(*options.one_round)

    path = f"{options.data}/news20/tr.mtx.gz"
    with tempfile.TemporaryDirectory() as folder:
        files = [f"{folder}/l.npy", f"{folder}/f.npy"]
        for file in files:
            np.save(file, np.ones((1, options.k)))  # only their width is read
        programs = {
            "scikit-learn": one_round(__file__, path, options.k, options.iterations),
            OURS: [example("plsi_race"), path, *files, str(options.iterations), "countclust"],
        }
        for threads in options.threads:
            results = race(programs, options.rounds, threads)
            report(f"grades of membership, news20, k = {options.k}", results, threads, "scikit-learn", "n_iter")


if __name__ == "__main__":
    main()
