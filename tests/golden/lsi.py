"""Latent semantic indexing by gensim, on a corpus made of integers.

python tests/golden/lsi.py > tests/golden/lsi.tsv   (gensim 4.4.0)
"""
import gensim
import numpy as np
from gensim.matutils import Sparse2Corpus
from gensim.models import LsiModel, TfidfModel
from scipy.sparse import csr_matrix

i, j = np.arange(60)[:, None], np.arange(12)[None, :]
x = ((i * i + 3 * i * j + 7 * j) % 11 < 4 + j % 3).astype(int) * (1 + (i + j) % 3)
corpus = list(Sparse2Corpus(csr_matrix(x), documents_columns=False))

print(f"# gensim {gensim.__version__}: tests/golden/lsi.py")
weights = {
    # Natural logarithms and plain lengths, where gensim's own defaults are log2 and unit length.
    "tf-idf": TfidfModel(corpus, wglobal=lambda df, n: np.log(n / df), normalize=False),
    "tf-idf-unit": TfidfModel(corpus, wglobal=lambda df, n: np.log(n / df), normalize=True),
}
for name, model in weights.items():
    weighted = [model[doc] for doc in corpus]
    lsi = LsiModel(weighted, num_topics=4, id2word={v: str(v) for v in range(12)}, power_iters=50, extra_samples=8, random_seed=1)
    print(name, *[repr(float(s)) for s in lsi.projection.s], sep="\t")
    print(name + "-first-document", *[repr(abs(float(z))) for _, z in lsi[weighted[0]]], sep="\t")
# Dumais 1991 by numpy: the logarithm of n and not of n + 1, as gensim takes.
p = x / x.sum(0)
g = 1 + np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0).sum(0) / np.log(len(x))
u, s, vt = np.linalg.svd(np.log1p(x) * g, full_matrices=False)
print("log-entropy", *[repr(float(v)) for v in s[:4]], sep="\t")
print("log-entropy-first-document", *[repr(abs(float(v))) for v in (u * s)[0, :4]], sep="\t")
