"""Dense products by OpenBLAS (through numpy or scipy), at the shapes of `cargo bench --bench kernels -- table gemm`.

Run it beside that table, on the same machine: python benches/peers/gemm.py [--threads 1] [--rounds 10]
Prints GFLOP/s, the median over the rounds of the fastest of three bursts of at least 3 ms, as the table does.
"""

import argparse
import os
import statistics
import time

SHAPES = [  # m, k, n
    (128, 784, 400),
    (128, 400, 784),
    (784, 128, 400),
    (128, 400, 20),
    (128, 20, 400),
    (256, 256, 256),
    (512, 512, 512),
    (2048, 2048, 2048),
    (20000, 50, 2000),
]
BURST_SECONDS = 0.003
BURSTS = 3


def burst(call):
    """Seconds a call over one burst."""
    start = time.perf_counter()
    calls = 0
    while calls == 0 or time.perf_counter() - start < BURST_SECONDS:
        call()
        calls += 1
    return (time.perf_counter() - start) / calls


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    # Read by OpenBLAS when it is loaded, so before numpy is.
    os.environ["OPENBLAS_NUM_THREADS"] = str(options.threads)
    import numpy

    print("|         shape |    f32 |    f64 |")
    print("|---|---|---|")
    for m, k, n in SHAPES:
        rates = []
        for dtype in (numpy.float32, numpy.float64):
            pattern = (numpy.arange(max(m * k, k * n)) * 7 % 31 / 31 - 0.5).astype(dtype)
            a, b = pattern[: m * k].reshape(m, k), pattern[: k * n].reshape(k, n)
            c = numpy.empty((m, n), dtype)
            call = lambda: numpy.matmul(a, b, out=c)
            call()
            seconds = statistics.median(min(burst(call) for _ in range(BURSTS)) for _ in range(options.rounds))
            rates.append(2e-9 * m * k * n / seconds)
        print(f"| {f'{m}x{k}x{n}':>13} | {rates[0]:6.1f} | {rates[1]:6.1f} |", flush=True)


if __name__ == "__main__":
    main()
