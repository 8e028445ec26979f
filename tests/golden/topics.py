"""Coherence of topics by gensim, on a corpus made of integers: documents are the windows, since bags have no order.

python tests/golden/topics.py > tests/golden/topics.tsv   (gensim 4.4.0)
"""
import gensim
import numpy as np
from gensim.corpora import Dictionary
from gensim.models import CoherenceModel

i, j = np.arange(60)[:, None], np.arange(12)[None, :]
x = ((i * i + 3 * i * j + 7 * j) % 11 < 4 + j % 3).astype(int) * (1 + (i + j) % 3)
texts = [[str(v) for v in range(12) for _ in range(row[v])] for row in x]
dictionary = Dictionary([[str(v) for v in range(12)]])
topics = [[0, 3, 5, 7, 11], [1, 2, 4, 6], [10, 9, 8, 0, 2, 4]]

print(f"# gensim {gensim.__version__}: tests/golden/topics.py")
for measure in ("c_uci", "c_npmi", "c_v"):
    # A window longer than any document holds the whole of it.
    model = CoherenceModel(
        topics=[[str(v) for v in topic] for topic in topics],
        texts=texts, dictionary=dictionary, coherence=measure, window_size=10_000, processes=1,
    )
    print("\t".join([measure] + [repr(float(c)) for c in model.get_coherence_per_topic()]))
