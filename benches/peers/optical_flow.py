"""Frames between frames beside OpenCV's dense inverse search: quality and time on the four Middlebury triplets.

    cargo build --release --example interpolate
    pip install opencv-python-headless
    python benches/peers/optical_flow.py [--rounds 5] [--threads 1 2] [--data ../shared/data]

OpenCV finds the flow from the first frame to the second and reads both frames half way along it, linearly, which is
what the figures of the literature are made by. Times are of both flows (one for OpenCV) and the frame, files left out.

The share told of each triplet is that of the plain mean of both frames in what is called true, by least squares of (truth -
made) on (mean - made): near 0 where the true frame is one, .7 for Walking, whose middle frame is itself mostly a blend. No
compensation of motion comes near it there, with the true motion neither, and the plain mean does (33.9 dB against 31.7).
"""

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMES = ["Grove2", "RubberWhale", "Urban2", "Walking"]


def peer(folder, rounds, threads):
    import cv2
    import numpy as np

    cv2.setNumThreads(threads)
    for label, preset in [("ultrafast", 0), ("fast", 1), ("medium", 2)]:
        peaks, seconds = [], []
        for name in NAMES:
            a, m, b = (cv2.imread(str(folder / name / file)) for file in ("I0.png", "I1_gt.png", "I2.png"))
            height, width = a.shape[:2]
            x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
            own = []
            for _ in range(rounds):
                start = time.perf_counter()
                grey = [cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY) for frame in (a, b)]
                flow = cv2.DISOpticalFlow_create(preset).calc(grey[0], grey[1], None)
                parts = []
                for frame, share in ((a, -0.5), (b, 0.5)):
                    u, v = share * flow[..., 0], share * flow[..., 1]
                    parts.append(cv2.remap(frame, x + u, y + v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
                made = cv2.addWeighted(parts[0], 0.5, parts[1], 0.5, 0)
                own.append(time.perf_counter() - start)
            seconds.append(sorted(own)[rounds // 2])
            away, towards = m.astype(float) - made, (a.astype(float) + b) / 2 - made
            if label == "medium":
                print(f"  {name}: share of the plain mean in the truth {np.vdot(towards, away) / np.vdot(towards, towards):.2f}")
            error = np.mean((made.astype(float) - m.astype(float)) ** 2)
            peaks.append(10 * np.log10(255**2 / error))
        print(f"OpenCV {label:9} {1e3 * np.mean(seconds):6.1f} ms   mean PSNR {np.mean(peaks):.2f} dB")


def own(folder, rounds, threads):
    found = {}
    for name in NAMES:
        files = [str(folder / name / file) for file in ("I0.png", "I2.png", "I1_gt.png")]
        program = [str(Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release/examples/interpolate"), *files, str(rounds)]
        environment = {**os.environ, "RAYON_NUM_THREADS": str(threads)}
        text = subprocess.run(program, check=True, capture_output=True, text=True, env=environment).stdout
        for quality, ms, peak in re.findall(r"(\w+): ([\d.]+) ms, PSNR ([\d.]+)", text):
            found.setdefault(quality, []).append((float(ms), float(peak)))
    for quality, values in found.items():
        ms, peaks = zip(*values)
        print(f"diabolo {quality:8} {sum(ms) / len(ms):6.1f} ms   mean PSNR {sum(peaks) / len(peaks):.2f} dB")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    arguments.add_argument("--data", default=os.environ.get("DIABOLO_DATA", str(ROOT / "../shared/data")))
    options = arguments.parse_args()
    folder = Path(options.data) / "frames/middlebury"
    if not folder.is_dir():
        sys.exit(f"{folder} is not there; give --data")
    for threads in options.threads:
        print(f"{threads} thread(s)")
        peer(folder, options.rounds, threads)
        own(folder, options.rounds, threads)


if __name__ == "__main__":
    main()
