"""The graph autoencoder beside PyTorch: as vgae.py, without a spread. Published AUC and AP are 91.0 and 92.0.

    cargo build --release --bins --examples
    python benches/peers/gae.py [--rounds 3] [--threads 1 2] [--seeds 5] [--splits 0 1 2] [--epochs 200]
"""

from vgae import main

if __name__ == "__main__":
    main("gae", False)
