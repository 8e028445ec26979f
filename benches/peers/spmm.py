"""CSR x dense: scipy against `cargo bench --bench kernels -- table sparse`, on the same matrix.

Prints GFLOP/s of both, their ratio, and refuses to compare unless the sums of the products agree.
Needs numpy and scipy; run it from the root of the repository. scipy uses one thread.
"""

import subprocess
import time

import numpy as np
import scipy.sparse

N_ROWS, N_COLS, EVERY = 20_000, 2_000, 100
ROUNDS = 15


def scramble(index):
    """The finaliser of SplitMix64, as in benches/kernels/sparse.rs."""
    x = index * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def matrix(dtype):
    places = np.flatnonzero(scramble(np.arange(N_ROWS * N_COLS, dtype=np.uint64)) % np.uint64(EVERY) == 0)
    values = (np.arange(len(places)) * 31 % 9).astype(dtype)
    rows, columns = places // N_COLS, places % N_COLS
    return scipy.sparse.csr_matrix((values, (rows, columns)), shape=(N_ROWS, N_COLS))


def ours():
    """{(type, n): (GFLOP/s, sum)} of the one-thread lines of our table."""
    command = ["cargo", "bench", "--bench", "kernels", "--", "table", "sparse"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    figures = {}
    for words in (line.split() for line in lines):
        if len(words) > 5 and words[0] in ("f32", "f64") and words[2] == "1":
            figures[words[0], int(words[1])] = (float(words[5]), float(words[-1]))
    return figures


def main():
    figures = ours()
    matrices = {"f32": matrix(np.float32), "f64": matrix(np.float64)}
    print("type    n     scipy      ours   ratio   (GFLOP/s on one thread)")
    for (name, n), (rate, total) in figures.items():
        a = matrices[name]
        b = (np.arange(N_COLS * n) * 31 % 17).astype(a.dtype).reshape(N_COLS, n)
        seconds = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            c = a @ b
            seconds.append(time.perf_counter() - start)
        peer = 2 * a.nnz * n / np.median(seconds) * 1e-9
        assert c.sum(dtype=np.float64) == total, (name, n, c.sum(dtype=np.float64), total)
        print(f"{name} {n:>4} {peer:>9.2f} {rate:>9.2f} {rate / peer:>7.2f}")


if __name__ == "__main__":
    main()
