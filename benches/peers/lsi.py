"""Latent semantic indexing beside gensim's LsiModel and scikit-learn's TruncatedSVD (ARPACK), on tf-idf of 20 Newsgroups.

    cargo build --release --example lsi
    python benches/peers/lsi.py [--rounds 3] [--threads 1 2] [--k 50] [--data ../shared/data]

Weights x ln(n / df) without scaling of documents, in all three. `off` is the largest relative error of the singular
values against scikit-learn's; gensim's randomised passes (its defaults) may be off by some percent and are not required
to agree.
"""

import json
import time

import numpy as np

from race import OURS, counts, example, one_round, parser, race, report, require


def peer_round(program, path, k):
    x, k = counts(path), int(k)
    if program == "scikit-learn":
        from sklearn.decomposition import TruncatedSVD

        began = time.perf_counter()
        x.data *= np.log(x.shape[0] / np.maximum(x.getnnz(0), 1))[x.indices]
        s = TruncatedSVD(k, algorithm="arpack", random_state=0).fit(x).singular_values_
    else:
        from gensim.matutils import Sparse2Corpus
        from gensim.models import LsiModel, TfidfModel

        corpus = list(Sparse2Corpus(x, documents_columns=False))
        began = time.perf_counter()
        tfidf = TfidfModel(corpus, wglobal=lambda df, n: np.log(n / df), normalize=False)
        words = {v: str(v) for v in range(x.shape[1])}
        s = LsiModel(tfidf[corpus], num_topics=k, id2word=words, random_seed=0).projection.s
    print(json.dumps({"seconds": time.perf_counter() - began, "singular_values": list(map(float, s))}))


def main():
    arguments = parser(__doc__, rounds=3)
    arguments.add_argument("--k", type=int, default=50)
    options = arguments.parse_args()
    if options.one_round:
        return peer_round(*options.one_round)

    path = f"{options.data}/news20/tr.mtx.gz"
    programs = {
        "scikit-learn": one_round(__file__, "scikit-learn", path, options.k),
        "gensim": one_round(__file__, "gensim", path, options.k),
        OURS: [example("lsi"), path, str(options.k), "tf-idf"],
    }
    for threads in options.threads:
        results = race(programs, options.rounds, threads)
        exact = results["scikit-learn"]["singular_values"]
        for result in results.values():
            result["off"] = max(abs(a - b) / b for a, b in zip(result["singular_values"], exact))
        require(results[OURS]["off"] < 1e-6, f"singular values are off by {results[OURS]['off']}")
        report(f"LSI, news20, k = {options.k}", results, threads, "gensim", "off")


if __name__ == "__main__":
    main()
