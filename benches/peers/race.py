"""What the scripts of this folder share: programs race on the same files, each in a process of its own.

A script gives `race` its programs as command lines; every program ends its output with a line of JSON that has `seconds` (of
the fit alone) and what is needed to compare qualities. Programs take turns, so that whatever slows the machine
for a while slows them all; medians of seconds are compared, and the peak memory of the whole process.
`report` prints the rows and, where PEERS_SUMMARY names a file, adds them to it: `all.py` makes one table of it.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = os.environ.get("DIABOLO_DATA", str(ROOT / "../shared/data"))
OURS = "diabolo"


def parser(doc, rounds=5):
    """The options every script has; `doc` is its docstring."""
    options = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=rounds)
    options.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    options.add_argument("--data", default=DATA, help="the folder of the data sets")
    options.add_argument("--one-round", nargs="+", help=argparse.SUPPRESS)
    return options


def example(name):
    """The program of examples/NAME.rs."""
    path = ROOT / "target/release/examples" / name
    if not path.exists():
        sys.exit(f"{path} is missing; cargo build --release --examples")
    return str(path)


def counts(path):
    """A MatrixMarket file as compressed rows of f64."""
    import scipy.io
    import scipy.sparse

    return scipy.sparse.csr_matrix(scipy.io.mmread(path), dtype=np.float64)


def npmi(x, beta, n_top=10):
    """Coherence: the mean over topics, n_topics x n_words, of the normalised pointwise mutual information of the pairs of
    their likeliest words; presence in the documents x, no smoothing, pairs never together -1, always together 1."""
    present = (x > 0).astype(np.float64).tocsc()
    n, scores = present.shape[0], []
    for topic in beta:
        top = present[:, np.argsort(-topic)[:n_top]]
        both = (top.T @ top).toarray() / n
        single = np.diag(both)
        i, j = np.triu_indices(n_top, 1)
        p, q = both[i, j], single[i] * single[j]
        with np.errstate(divide="ignore", invalid="ignore"):
            score = np.where(p == 0, -1.0, np.where(p == 1, 1.0, np.log(p / q) / -np.log(p)))
        scores.append(score.mean())
    return float(np.mean(scores))


def one_round(script, *arguments):
    """The command line of one round of a peer, written in the script itself."""
    return [sys.executable, script, "--one-round", *map(str, arguments)]


def run(command, threads):
    """What a program prints, with the peak memory of its process."""
    limits = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
    environment = os.environ | {name: str(threads) for name in limits}
    with tempfile.TemporaryFile("w+") as printed, tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, env=environment, stdout=printed, stderr=said)
        kilobytes = 0
        while process.poll() is None:
            kilobytes = max(kilobytes, high_water(process.pid))
            time.sleep(0.005)
        if process.returncode != 0:
            said.seek(0)
            sys.exit(f"{said.read()}{' '.join(command)} failed")
        printed.seek(0)
        return json.loads(printed.readlines()[-1]) | {"megabytes": kilobytes / 1000}


def high_water(pid):
    """The most memory a process has held, in kB: `ru_maxrss` would count the memory of the process that forked it."""
    try:
        lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)


def race(programs, rounds, threads):
    """{program: what it printed last, with the median of its seconds and its largest megabytes}."""
    results = {name: [] for name in programs}
    for _ in range(rounds):
        for name, command in programs.items():
            results[name].append(run(command, threads))
    median = lambda runs: statistics.median(run["seconds"] for run in runs)
    most = lambda runs: max(run["megabytes"] for run in runs)
    return {name: runs[-1] | {"seconds": median(runs), "megabytes": most(runs)} for name, runs in results.items()}


def report(task, results, threads, peer, *figures):
    """Prints a row a program: seconds, megabytes, `figures` (keys of the results), and how much faster ours is."""
    print(f"{task}, {threads} thread(s)")
    for name, result in results.items():
        shown = "".join(f"  {key} {result[key]:.8g}" for key in figures if key in result)
        ratio = f"  {result['seconds'] / results[OURS]['seconds']:.2f} x {OURS}" if name != OURS else ""
        print(f"  {name:<22} {result['seconds']:>9.3f} s {result['megabytes']:>7.0f} MB{shown}{ratio}", flush=True)
    theirs, ours = results[peer], results[OURS]
    row = [task, threads, peer, theirs["seconds"], ours["seconds"], theirs["megabytes"], ours["megabytes"]]
    if summary := os.environ.get("PEERS_SUMMARY"):
        with open(summary, "a") as file:
            file.write(json.dumps(row) + "\n")


def require(holds, what):
    """Ends the script where programs are not of equal quality: their times are then no comparison."""
    if not holds:
        sys.exit(f"no comparison: {what}")
