"""Rational-quadratic splines by PyTorch in f64, written from Durkan et al. 2019, eq. 4 to 8: golden values of tests/kernels/flow.rs.

    python tests/golden/splines_torch.py
"""

import torch
from torch.nn import functional

torch.set_default_dtype(torch.float64)
N, BOUND, LEAST = 8, 3.0, 1e-3


def knots(raw):
    share = LEAST + (1 - LEAST * N) * torch.softmax(raw, 0)
    return functional.pad(torch.cumsum(share, 0), (1, 0)) * 2 * BOUND - BOUND


raw = 1.5 * torch.sin(torch.arange(1.0, 24.0))
xs, ys = knots(raw[:N]), knots(raw[N : 2 * N])
slopes = functional.pad(functional.softplus(raw[2 * N :]) + LEAST, (1, 1), value=1.0)
for x in (-2.9, -1.25, -0.3, 0.0, 0.7, 1.9, 2.999):
    x = torch.tensor(x, requires_grad=True)
    k = int(torch.searchsorted(xs.detach(), x.detach(), right=True)) - 1
    w, h = xs[k + 1] - xs[k], ys[k + 1] - ys[k]
    s, xi = h / w, (x - xs[k]) / w
    t = xi * (1 - xi)
    y = ys[k] + h * (s * xi**2 + slopes[k] * t) / (s + (slopes[k] + slopes[k + 1] - 2 * s) * t)
    (slope,) = torch.autograd.grad(y, x)
    print(f"({x.item()!r}, {y.item()!r}, {slope.log().item()!r}),")
