"""Rank-sum tests, adjusted p-values and the intrinsic dimension, on numbers made of sines.

python tests/golden/rank_sum.py > tests/golden/rank_sum.tsv   (numpy 2.4.6, scipy 1.17.1, scikit-dimension 0.5.0)
"""
import importlib
import site
import sys
import types

import numpy as np
import scipy
from scipy.stats import false_discovery_control, mannwhitneyu

i = np.arange(40)
print(f"# numpy {np.__version__}, scipy {scipy.__version__}: tests/golden/rank_sum.py")


def line(name, *numbers):
    print("\t".join([name] + [repr(float(v)) for v in np.ravel(numbers)]))


p = []
for gene in range(12):
    # Whole numbers, many of them 0: counts with ties.
    x = np.maximum(0, np.round(3 * np.sin(0.37 * i * (gene + 1) + gene) + (gene % 3) * (i % 4 == 0) + gene % 2))
    inside = i % 4 == 0
    test = mannwhitneyu(x[inside], x[~inside], method="asymptotic", use_continuity=False)
    p.append(test.pvalue)
    line(f"gene_{gene}", test.pvalue, test.statistic / (inside.sum() * (~inside).sum()))
line("adjusted", false_discovery_control(p))
# Only the module of FisherS is loaded; what it asks numba for runs as plain Python.
numba, skdim, skdim_id = (types.ModuleType(name) for name in ("numba", "skdim", "skdim.id"))
numba.njit = lambda *a, **k: a[0] if a and callable(a[0]) else (lambda f: f)
numba.prange = range
folder = f"{site.getsitepackages()[0]}/skdim"
skdim.__path__, skdim_id.__path__ = [folder], [f"{folder}/id"]
sys.modules |= {"numba": numba, "skdim": skdim, "skdim.id": skdim_id}
fisher = importlib.import_module("skdim.id._FisherS").FisherS(conditional_number=30)
a, b = np.arange(300)[:, None], np.arange(6)[None, :]
fisher.fit(np.sin(0.61 * a * (b + 1.3) + b) * (1 + 0.3 * b))
line("fisher", fisher.dimension_)
