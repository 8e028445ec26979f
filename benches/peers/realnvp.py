"""RealNVP beside PyTorch: the same net for as many steps, seconds of the steps at equal test likelihoods.

    cargo build --release --example flow_race
    python benches/peers/realnvp.py [--rounds 3] [--threads 1 2] [--sets moons] [--seed 1] [--data ../shared/data]

The nets, the sets and the rules are in flows.py.
"""

from flows import main

APART = {"moons": 0.05, "digits": 0.05, "power-plant": 0.05, "energy": 0.3}

if __name__ == "__main__":
    main(__doc__, "realnvp", [64, 64], 8, ["moons", "digits", "power-plant", "energy"], APART)
