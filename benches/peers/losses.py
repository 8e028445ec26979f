"""Losses with their gradients and steps of Adam by PyTorch, at the shapes of `cargo bench --bench kernels -- table loss`.

Run it beside that table, on the same machine: python benches/peers/losses.py [--threads 1] [--rounds 10]
Prints microseconds, the median over the rounds of the fastest of three bursts of at least 3 ms, as the table does.
"""

import argparse
import statistics
import time

import torch
import torch.nn.functional as F


def burst(call):
    """Seconds a call over one burst."""
    start = time.perf_counter()
    calls = 0
    while calls == 0 or time.perf_counter() - start < 0.003:
        call()
        calls += 1
    return (time.perf_counter() - start) / calls


def line(name, call, rounds):
    call()
    times = [min(burst(call) for _ in range(3)) for _ in range(rounds)]
    print(f"{name:<40} {statistics.median(times) * 1e6:9.1f} us")


def zinb(a, b, p, x):
    """Minus the log likelihood as published single-cell packages write it (scvi-tools' log_zinb_positive)."""
    m, t = a.exp().clamp(1e-5, 1e6), F.softplus(b).clamp(1e-4, 1e4)
    eps = 1e-8
    log_t_m = torch.log(t + m + eps)
    theta = t * (torch.log(t + eps) - log_t_m)
    zero = F.softplus(-p + theta) - F.softplus(-p)
    more = (
        -F.softplus(-p) - p + theta + x * (torch.log(m + eps) - log_t_m)
        + torch.lgamma(x + t) - torch.lgamma(t) - torch.lgamma(x + 1)
    )
    return -torch.where(x < eps, zero, more).sum()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"torch {torch.__version__}, {options.threads} thread(s)")

    logits = (8 * torch.rand(128, 784) - 4).requires_grad_()
    target = torch.rand(128, 784)

    def both(loss):
        def call():
            for leaf in (logits, *leaves):
                leaf.grad = None
            loss().backward()
        return call

    leaves = []
    bce = both(lambda: F.binary_cross_entropy_with_logits(logits, target, reduction="sum"))
    line("bce on logits 128 x 784", bce, options.rounds)
    line("squared error 128 x 784", both(lambda: F.mse_loss(logits, target, reduction="sum")), options.rounds)
    classes = torch.arange(128) % 10
    cross = both(lambda: F.cross_entropy(logits, classes, reduction="sum"))
    line("softmax cross entropy 128 x 784", cross, options.rounds)

    leaves = [(size * (2 * torch.rand(32, 2000) - 1)).requires_grad_() for size in (1, 2, 2)]
    for density in (0.07, 0.286):
        x = torch.where(torch.rand(32, 2000) < density, 1 + torch.poisson(torch.full((32, 2000), 0.7)), 0.0)
        line(f"zinb 32 x 2000, {density} not zero", both(lambda: zinb(*leaves, x)), options.rounds)

    for n in (652824, 16 << 20):
        p = torch.rand(n).requires_grad_()
        p.grad = 1e-3 * torch.rand(n)
        for fused in (False, True):
            adam = torch.optim.Adam([p], lr=1e-3, fused=fused)
            line(f"adam{' fused' if fused else ''}, {n} parameters", adam.step, options.rounds)
        rmsprop = torch.optim.RMSprop([p], lr=1e-3)
        line(f"rmsprop, {n} parameters", rmsprop.step, options.rounds)


main()
