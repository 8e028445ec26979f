"""The generative adversarial network beside PyTorch: the reference networks on MNIST, seconds a step at equal epochs.

    cargo build --release --example gan
    python benches/peers/gan.py [--rounds 1] [--threads 1 2] [--epochs 20] [--dropout 0.3] [--seed 1]
        [--architecture mlp] [--data ../shared/data]

G 100-128-256-512-1024-784 (LeakyReLU .2, batch normalisation with eps .8 on the last three, tanh), D 784-512-256-1 with dropout, Adam 2e-4
(.5, .999), batch 64; with `--architecture convolutional` those of Radford et al. 2016 at this size: G 100-(7 x 7 x 128)-(14 x 14 x
64)-(28 x 28) by 4 x 4 windows of stride 2, D the reverse, weights N(0, .02). G moves first, then D on the same made pictures. 10,000 samples of each are judged by one
classifier, trained here on the training pictures: the Frechet distance of its features from the test
pictures', and the digits covered.
"""

import gzip
import json
import pathlib
import tempfile
import time

import numpy as np

from kmeans import images
from race import OURS, example, one_round, parser, race, report


def peer_round(train_path, epochs, seed, out, dropout, architecture):
    import os

    import torch
    from torch import nn

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    torch.manual_seed(int(seed))
    train = torch.from_numpy(np.load(train_path)) * 2 - 1

    def block(n_in, n_out, normalise=True):
        norm = [nn.BatchNorm1d(n_out, 0.8)] if normalise else []
        return [nn.Linear(n_in, n_out), *norm, nn.LeakyReLU(0.2, inplace=True)]

    generator = nn.Sequential(
        *block(100, 128, False), *block(128, 256), *block(256, 512), *block(512, 1024), nn.Linear(1024, 784), nn.Tanh()
    )
    critic = nn.Sequential(
        nn.Linear(784, 512), nn.LeakyReLU(0.2, inplace=True), nn.Dropout(float(dropout)),
        nn.Linear(512, 256), nn.LeakyReLU(0.2, inplace=True), nn.Dropout(float(dropout)), nn.Linear(256, 1),
    )  # fmt: skip
    if architecture == "convolutional":
        generator = nn.Sequential(
            nn.Linear(100, 6272), nn.Unflatten(1, (128, 7, 7)), nn.BatchNorm2d(128), nn.ReLU(inplace=True),
            nn.ConvTranspose2d(128, 64, 4, 2, 1), nn.BatchNorm2d(64), nn.ReLU(inplace=True),
            nn.ConvTranspose2d(64, 1, 4, 2, 1), nn.Tanh(), nn.Flatten(),
        )  # fmt: skip
        critic = nn.Sequential(
            nn.Unflatten(1, (1, 28, 28)), nn.Conv2d(1, 64, 4, 2, 1), nn.LeakyReLU(0.2, inplace=True), nn.Dropout(float(dropout)),
            nn.Conv2d(64, 128, 4, 2, 1), nn.BatchNorm2d(128), nn.LeakyReLU(0.2, inplace=True), nn.Dropout(float(dropout)),
            nn.Flatten(), nn.Linear(6272, 1),
        )  # fmt: skip
        for layer in (*generator, *critic):
            if isinstance(layer, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
                nn.init.normal_(layer.weight, 0, 0.02)
                nn.init.zeros_(layer.bias)
    loss = nn.BCEWithLogitsLoss()
    adams = [torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999)) for net in (generator, critic)]
    ones, zeros = torch.ones(64, 1), torch.zeros(64, 1)
    began, steps = time.perf_counter(), 0
    for _ in range(int(epochs)):
        for rows in torch.randperm(len(train))[: len(train) // 64 * 64].split(64):
            adams[0].zero_grad()
            made = generator(torch.randn(64, 100))
            loss(critic(made), ones).backward()
            adams[0].step()
            adams[1].zero_grad()
            (loss(critic(train[rows]), ones) + loss(critic(made.detach()), zeros)).backward()
            adams[1].step()
            steps += 1
    seconds = (time.perf_counter() - began) / steps
    generator.eval()
    with torch.no_grad():
        np.save(out, (generator(torch.randn(10_000, 100)).numpy() + 1) / 2)
    print(json.dumps({"seconds": seconds}))


def judge(train, labels, test, samples):
    """{program: (Frechet distance, digits covered)} by a classifier of two hidden layers."""
    import scipy.linalg
    import torch
    from torch import nn

    torch.manual_seed(0)
    body = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 64), nn.ReLU())
    head = nn.Linear(64, 10)
    adam = torch.optim.Adam([*body.parameters(), *head.parameters()], lr=1e-3)
    x, y = torch.from_numpy(train), torch.from_numpy(labels.astype(np.int64))
    for _ in range(5):
        for rows in torch.randperm(len(x)).split(128):
            adam.zero_grad()
            nn.functional.cross_entropy(head(body(x[rows])), y[rows]).backward()
            adam.step()
    with torch.no_grad():
        features = lambda pictures: body(torch.from_numpy(pictures.astype(np.float32))).numpy().astype(float)
        digits = lambda pictures: head(body(torch.from_numpy(pictures.astype(np.float32)))).argmax(1).numpy()
        real = features(test)
        mean, covariance = real.mean(0), np.cov(real.T)
        judged = {}
        for name, pictures in samples.items():
            made = features(pictures)
            root = scipy.linalg.sqrtm(covariance @ np.cov(made.T)).real
            frechet = ((mean - made.mean(0)) ** 2).sum() + np.trace(covariance + np.cov(made.T) - 2 * root)
            covered = int((np.bincount(digits(pictures), minlength=10) >= 0.01 * len(pictures)).sum())
            judged[name] = (float(frechet), covered)
    return judged


def main():
    arguments = parser(__doc__, rounds=1)
    arguments.add_argument("--epochs", type=int, default=20)
    arguments.add_argument("--dropout", type=float, default=0.3)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--architecture", choices=["mlp", "convolutional"], default="mlp")
    options = arguments.parse_args()
    if options.one_round:
        return peer_round(*options.one_round)

    mnist = f"{options.data}/mnist"
    raw = gzip.decompress(pathlib.Path(f"{mnist}/train-labels-idx1-ubyte.gz").read_bytes())
    labels = np.frombuffer(raw, np.uint8, offset=8)
    with tempfile.TemporaryDirectory() as folder:
        train = f"{folder}/train.npy"
        pictures = images(mnist)
        np.save(train, pictures)
        settings = [str(options.epochs), str(options.seed)]
        outs = {name: f"{folder}/{name}.npy" for name in ("PyTorch", OURS)}
        file = f"{mnist}/train-images-idx3-ubyte.gz"
        programs = {
            "PyTorch": one_round(__file__, train, *settings, outs["PyTorch"], options.dropout, options.architecture),
            OURS: [example("gan"), file, *settings, outs[OURS], str(options.dropout), "0", options.architecture],
        }
        for threads in options.threads:
            results = race(programs, options.rounds, threads)
            judged = judge(pictures, labels, images(mnist, "t10k"), {name: np.load(out) for name, out in outs.items()})
            for name, (frechet, covered) in judged.items():
                results[name] |= {"frechet": frechet, "digits": covered}
            name = "GAN" if options.architecture == "mlp" else "DCGAN"
            report(f"{name}, MNIST, a step", results, threads, "PyTorch", "frechet", "digits")


if __name__ == "__main__":
    main()
