"""The least Kullback-Leibler divergence that scikit-learn finds, on a matrix made of integers.

python tests/golden/plsi.py > tests/golden/plsi.tsv   (scikit-learn 1.9.1)
"""
import warnings

import numpy as np
import sklearn
from sklearn.decomposition import NMF

warnings.simplefilter("ignore")
i, j = np.arange(30)[:, None], np.arange(12)[None, :]
x = ((i * i + 3 * i * j + 7 * j) % 11).astype(float)


def divergence(seed):
    model = NMF(3, init="random", solver="mu", beta_loss="kullback-leibler", tol=0, max_iter=20_000, random_state=seed)
    y = model.fit_transform(x) @ model.components_
    return (np.where(x > 0, x * np.log(np.where(x > 0, x, 1) / y), 0) - x + y).sum()


print(f"# scikit-learn {sklearn.__version__}: tests/golden/plsi.py")
print("kl_divergence", repr(float(min(divergence(seed) for seed in range(10)))), sep="\t")
