"""ProdLDA beside PyTorch: the same net on 20 Newsgroups, seconds an epoch and the coherence of topics.

    cargo build --release --example prodlda
    python benches/peers/prodlda.py [--rounds 1] [--threads 1 2] [--epochs 80] [--topics 50] [--seed 1] [--data ../shared/data]

V-100-100-(K, K) softplus with dropout, batch normalisation with a bias and no scale on both heads and on the words, Adam
2e-3 (.99, .999), batch 200. PyTorch's batches are dense
rows of a tensor in memory. `npmi` is the mean over topics of that of the pairs of their 10 likeliest words: presence in
training documents, no smoothing, pairs never together -1.
"""

import json
import tempfile
import time

import numpy as np
import scipy.sparse

from race import OURS, counts, example, npmi, one_round, parser, race, report


def peer_round(path, n_topics, epochs, seed, out):
    import os

    import torch
    from torch import nn
    from torch.nn import functional

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    torch.manual_seed(int(seed))
    k = int(n_topics)
    x = torch.from_numpy(scipy.sparse.load_npz(path).toarray().astype(np.float32))
    n_words = x.shape[1]
    variance = 1 - 1 / k

    def normed(width):
        norm = nn.BatchNorm1d(width, eps=1e-3)
        norm.weight.requires_grad_(False)
        return norm

    class ProdLda(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Linear(n_words, 100), nn.Softplus(), nn.Linear(100, 100), nn.Softplus())
            self.mu, self.log_var = nn.Linear(100, k), nn.Linear(100, k)
            self.norm_mu, self.norm_log_var, self.norm_words = normed(k), normed(k), normed(n_words)
            self.beta = nn.Linear(k, n_words, bias=False)
            self.drop = nn.Dropout(0.2)
            for layer in (self.body[0], self.body[2], self.mu, self.log_var, self.beta):
                nn.init.xavier_uniform_(layer.weight)

        def forward(self, x):
            h = self.drop(self.body(x))
            mu, log_var = self.norm_mu(self.mu(h)), self.norm_log_var(self.log_var(h))
            z = mu + torch.exp(0.5 * log_var) * torch.randn_like(mu)
            theta = self.drop(functional.softmax(z, 1))
            log_p = functional.log_softmax(self.norm_words(self.beta(theta)), 1)
            kl = 0.5 * (log_var.exp() / variance + mu**2 / variance + np.log(variance) - log_var - 1).sum()
            return (kl - (x * log_p).sum()) / len(x)

    net = ProdLda()
    adam = torch.optim.Adam((p for p in net.parameters() if p.requires_grad), lr=2e-3, betas=(0.99, 0.999))
    began, loss = time.perf_counter(), 0.0
    for _ in range(int(epochs)):
        for rows in torch.randperm(len(x)).split(200):
            adam.zero_grad()
            loss = net(x[rows])
            loss.backward()
            adam.step()
    seconds = (time.perf_counter() - began) / int(epochs)
    net.eval()
    with torch.no_grad():
        np.save(out, functional.softmax(net.norm_words(net.beta(torch.eye(k))), 1).numpy())
    print(json.dumps({"seconds": seconds, "loss": float(loss)}))


def main():
    arguments = parser(__doc__, rounds=1)
    arguments.add_argument("--epochs", type=int, default=80)
    arguments.add_argument("--topics", type=int, default=50)
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    if options.one_round:
        return peer_round(*options.one_round)

    x = counts(f"{options.data}/news20/tr.mtx.gz")
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/x.npz"
        scipy.sparse.save_npz(path, x)
        outs = {name: f"{folder}/{name}.npy" for name in ("PyTorch", OURS)}
        settings = [options.topics, options.epochs, options.seed]
        programs = {
            "PyTorch": one_round(__file__, path, *settings, outs["PyTorch"]),
            OURS: [example("prodlda"), path, *map(str, settings), outs[OURS]],
        }
        for threads in options.threads:
            results = race(programs, options.rounds, threads)
            for name, out in outs.items():
                results[name]["npmi"] = npmi(x, np.load(out))
            report(f"ProdLDA, 20 Newsgroups, K = {options.topics}, an epoch", results, threads, "PyTorch", "npmi")


if __name__ == "__main__":
    main()
