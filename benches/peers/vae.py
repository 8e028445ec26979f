"""The variational autoencoder beside PyTorch: the reference network on MNIST, seconds an epoch at equal bounds.

    cargo build --release --example vae
    python benches/peers/vae.py [--rounds 3] [--threads 1 2] [--epochs 10] [--seed 1] [--architecture mlp] [--data ../shared/data]

784-400-(20, 20)-400-784, or with `--architecture convolutional` 1-32-64 channels by 4 x 4 windows of stride 2, linear
layers to (20, 20) and back, and the reverse; ReLU, Adam 1e-3, batch 128; minus the bound on the 10,000 test pictures, noise drawn once.
PyTorch's batches are slices of a shuffled tensor in memory: no loader stands in its way.
"""

import json
import tempfile
import time

import numpy as np

from kmeans import images
from race import OURS, example, one_round, parser, race, report, require


def peer_round(train_path, test_path, epochs, seed, architecture):
    import os

    import torch
    from torch import nn
    from torch.nn import functional

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    torch.manual_seed(int(seed))
    train, test = (torch.from_numpy(np.load(path)) for path in (train_path, test_path))

    if architecture == "convolutional":
        encoder = nn.Sequential(
            nn.Unflatten(1, (1, 28, 28)), nn.Conv2d(1, 32, 4, 2, 1), nn.ReLU(), nn.Conv2d(32, 64, 4, 2, 1), nn.ReLU(), nn.Flatten()
        )  # fmt: skip
        decoder = nn.Sequential(
            nn.Linear(20, 3136), nn.ReLU(), nn.Unflatten(1, (64, 7, 7)),
            nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(32, 1, 4, 2, 1), nn.Flatten(),
        )  # fmt: skip
    else:
        encoder = nn.Sequential(nn.Linear(784, 400), nn.ReLU())
        decoder = nn.Sequential(nn.Linear(20, 400), nn.ReLU(), nn.Linear(400, 784))

    class Vae(nn.Module):
        def __init__(self):
            super().__init__()
            n_inner = 3136 if architecture == "convolutional" else 400
            self.encoder, self.decoder = encoder, decoder
            self.mu, self.log_var = nn.Linear(n_inner, 20), nn.Linear(n_inner, 20)

        def forward(self, x):
            h = self.encoder(x)
            mu, log_var = self.mu(h), self.log_var(h)
            z = mu + torch.exp(0.5 * log_var) * torch.randn_like(mu)
            logits = self.decoder(z)
            error = functional.binary_cross_entropy_with_logits(logits, x, reduction="sum")
            return (error - 0.5 * torch.sum(1 + log_var - mu.pow(2) - log_var.exp())) / len(x)

    net = Vae()
    adam = torch.optim.Adam(net.parameters(), lr=1e-3)
    seconds, curve = 0.0, []
    for _ in range(int(epochs)):
        began = time.perf_counter()
        for rows in torch.randperm(len(train)).split(128):
            adam.zero_grad()
            net(train[rows]).backward()
            adam.step()
        seconds += time.perf_counter() - began
        with torch.no_grad():
            curve.append(round(sum(net(x).item() * len(x) for x in test.split(200)) / len(test), 3))
    print(json.dumps({"seconds": seconds / int(epochs), "neg_elbo": curve[-1], "curve": curve}))


def main():
    arguments = parser(__doc__, rounds=3)
    arguments.add_argument("--epochs", type=int, default=10)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--architecture", choices=["mlp", "convolutional"], default="mlp")
    options = arguments.parse_args()
    if options.one_round:
        return peer_round(*options.one_round)

    mnist = f"{options.data}/mnist"
    with tempfile.TemporaryDirectory() as folder:
        train, test = f"{folder}/train.npy", f"{folder}/test.npy"
        np.save(train, images(mnist))
        np.save(test, images(mnist, "t10k"))
        settings = [str(options.epochs), str(options.seed), options.architecture]
        files = [f"{mnist}/{name}-images-idx3-ubyte.gz" for name in ("train", "t10k")]
        programs = {"PyTorch": one_round(__file__, train, test, *settings), OURS: [example("vae"), *files, *settings]}
        for threads in options.threads:
            results = race(programs, options.rounds, threads)
            for name, result in results.items():
                print(f"  {name}: {' '.join(map(str, result['curve']))}")
            theirs, ours = (results[name]["curve"] for name in ("PyTorch", OURS))
            apart = max((a - b for a, b in zip(ours[1:], theirs[1:])), default=0)
            require(apart <= 1, f"bounds are {apart} nats apart from the second epoch on")
            name = "VAE" if options.architecture == "mlp" else "convolutional VAE"
            report(f"{name}, MNIST, an epoch", results, threads, "PyTorch", "neg_elbo")


if __name__ == "__main__":
    main()
