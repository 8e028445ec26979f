"""Figures that judge codes and samples, on data made of sines.

python tests/golden/metrics.py > tests/golden/metrics.tsv   (numpy 2.4.6, scipy 1.17.1, scikit-learn 1.9.1)
"""
import numpy as np
import scipy
import sklearn
from scipy.linalg import sqrtm
from scipy.spatial.distance import pdist
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import mutual_info_score
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.neighbors import KNeighborsClassifier

i, j = np.arange(60)[:, None], np.arange(4)[None, :]
a = np.sin(0.7 * i * (j + 1) + j)
b = 1.2 * np.cos(0.9 * i[:50] + 0.3 * i[:50] * j) + 0.3 * j
classes = (7 * i[:, 0] // 5) % 3
x = a + 0.5 * (classes[:, None] == j)


def line(name, *numbers):
    print("\t".join([name] + [repr(float(v)) for v in np.ravel(numbers)]))


print(f"# numpy {np.__version__}, scipy {scipy.__version__}, scikit-learn {sklearn.__version__}: tests/golden/metrics.py")
line("median_distance", np.median(pdist(np.vstack([a, b]))))
k = lambda p, q: rbf_kernel(p, q, gamma=0.5 / 1.3**2)
m, n = len(a), len(b)
off = lambda q: q.sum() - np.trace(q)
line("mmd", off(k(a, a)) / (m * (m - 1)) + off(k(b, b)) / (n * (n - 1)) - 2 * k(a, b).mean())
sa, sb = np.cov(a.T), np.cov(b.T)
root = sqrtm(sa @ sb).real
line("frechet", ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(sa + sb - 2 * root))
line("neighbours", KNeighborsClassifier(5).fit(x[:40], classes[:40]).predict(x[40:]))
probe = LogisticRegression(C=1 / 0.7, tol=1e-12, max_iter=100000).fit(x, classes)
line("probe", probe.predict_proba(x[:5]))
line("probe_accuracy", probe.score(x, classes))
bins = lambda v: np.digitize(v, np.histogram(v, 20)[1][1:-1])
factors = [classes, (3 * i[:, 0]) % 4, i[:, 0] // 12]
information = np.array([[mutual_info_score(bins(v), f) for f in factors] for v in x.T])
line("information", information)
entropy = [mutual_info_score(f, f) for f in factors]
ordered = np.sort(information, axis=0)[::-1]
line("gap", np.mean((ordered[0] - ordered[1]) / entropy))
p = probe.predict_proba(x)
line("inception", np.exp((p * np.log(p / p.mean(0))).sum(1).mean()))
