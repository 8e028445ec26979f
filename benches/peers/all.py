"""Every peer in one command: makes a virtual environment, runs the scripts of this folder, prints one table.

    python benches/peers/all.py [--rounds 3] [--threads 1 2] [--only nmf svd] [--venv target/peers]

Fails if a peer cannot be installed, a program fails or qualities differ. Takes about half an hour on two cores.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# Three are what others share, the last ones print tables of their own: beside those of `cargo bench --bench kernels`, and of
# several qualities.
NO_RACES = {"all", "race", "graphs", "flows", "frames_race", "gemm", "spmm", "conv", "optical_flow"}


def main():
    scripts = sorted(path.stem for path in HERE.glob("*.py") if path.stem not in NO_RACES)
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    options.add_argument("--only", nargs="+", choices=scripts, default=scripts)
    options.add_argument("--venv", type=pathlib.Path, default=ROOT / "target/peers")
    chosen = options.parse_args()

    python = chosen.venv / "bin/python"
    if not python.exists():
        venv.create(chosen.venv, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "-q", "-r", HERE / "requirements.txt"], check=True)
    subprocess.run(["cargo", "build", "--release", "--quiet", "--examples", "--bins"], cwd=ROOT, check=True)

    with tempfile.NamedTemporaryFile("r") as summary:
        common = ["--rounds", str(chosen.rounds), "--threads", *map(str, chosen.threads)]
        environment = os.environ | {"PEERS_SUMMARY": summary.name}
        failed = []
        for script in chosen.only:
            print(f"== {script}", flush=True)
            if subprocess.run([python, HERE / f"{script}.py", *common], env=environment).returncode != 0:
                failed.append(script)
        print("\n| task | threads | peer | peer, s | diabolo, s | ratio | peer, MB | diabolo, MB |")
        print("|---|---|---|---|---|---|---|---|")
        for task, threads, peer, theirs, ours, their_memory, our_memory in map(json.loads, summary):
            times = f"{theirs:.2f} | {ours:.3f} | {theirs / ours:.1f}"
            print(f"| {task} | {threads} | {peer} | {times} | {their_memory:.0f} | {our_memory:.0f} |")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
