"""The denoising autoencoder of counts (Eraslan et al. 2019) beside the same net in PyTorch.

    cargo build --release --example zinb
    python benches/peers/zinb.py [--rounds 3] [--threads 1 2] [--epochs 20] [--batch 32] [--sets simulated mouse_neuron]

Layers 64-32-64 with batch normalisation and ReLU, ZINB with a dispersion an entry, RMSprop at 1e-3, gradients bounded
by 5, all cells of the training set in every epoch, input ln(1 + x / s) over the deviation. `seconds` are those of an
epoch (median, without the first), `nll` is minus the log likelihood a cell of cells that were held out, `error` the root
mean square of ln((1 + m) / (1 + mu)) at dropped entries, where the truth is known.
"""

import gzip
import json
import statistics
import tempfile
import time

import numpy as np

from race import OURS, example, one_round, parser, race, report, require

SETS = ["simulated", "mouse_neuron", "pbmc_facs"]
GENES = 2000


def simulated(rng, n=3000, m=GENES, groups=6, dispersion=2.0, dropout=0.3):
    """(counts, mu, dropped) of cells in groups, mostly zeros."""
    level = np.log(0.4) + 1.2 * rng.standard_normal(m)
    difference = 0.6 * rng.standard_normal((groups, m))
    size = 0.3 * rng.standard_normal((n, 1))
    mu = np.exp(size + level + difference[rng.integers(groups, size=n)])
    counts = rng.poisson(rng.gamma(dispersion, mu / dispersion))
    dropped = (rng.random((n, m)) < dropout) & (counts > 0)
    counts[dropped] = 0
    return counts.astype(np.float32), mu, dropped


def counts_of(name, data):
    import scipy.io
    import scipy.sparse

    if name == "mouse_neuron":
        with gzip.open(f"{data}/mouse_neuron/mouse_neuron_10k_x1000.mtx.gz") as file:
            x = scipy.sparse.csr_matrix(scipy.io.mmread(file))
        return x if x.shape[0] == 10000 else x.T.tocsr()
    parts = np.load(f"{data}/pbmc_facs/counts.npz")
    return scipy.sparse.csr_matrix((parts["data"], parts["indices"], parts["indptr"]), shape=parts["shape"])


def save(name, data, folder):
    """The files both programs read; the most counted genes."""
    import scipy.sparse

    rng = np.random.default_rng(0)
    further = []
    if name == "simulated":
        x, mu, dropped = simulated(rng)
    else:
        x = counts_of(name, data)
        genes = np.argsort(-np.asarray(x.sum(0)).ravel(), kind="stable")[:GENES]
        x = np.asarray(x[:, np.sort(genes)].todense(), dtype=np.float32)
    order = rng.permutation(len(x))
    n_test = len(x) // 10
    for part, rows in {"test": order[:n_test], "train": order[n_test:]}.items():
        scipy.sparse.save_npz(f"{folder}/{part}.npz", scipy.sparse.csr_matrix(x[rows].astype(np.float64)))
    if name == "simulated":
        rows = order[n_test:]
        np.save(f"{folder}/mu.npy", mu[rows])
        np.save(f"{folder}/dropped.npy", dropped[rows].astype(np.float64))
        further = [f"{folder}/mu.npy", f"{folder}/dropped.npy"]
    return [f"{folder}/train.npz", f"{folder}/test.npz"], further


def peer_round(train, test, epochs, batch, *truth):
    import os

    import scipy.sparse
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    torch.manual_seed(0)
    counts, held_out = (torch.tensor(scipy.sparse.load_npz(path).toarray(), dtype=torch.float32) for path in (train, test))
    library = counts.sum(1, keepdim=True)
    median = library[library > 0].median()
    factor = lambda x: torch.where(x.sum(1, keepdim=True) > 0, x.sum(1, keepdim=True) / median, 1.0)
    factors = factor(counts)
    x = torch.log1p(counts / factors)
    deviation = x.std(0, correction=0)
    deviation[deviation == 0] = 1.0
    x /= deviation
    net = network(torch, counts.shape[1])
    optimiser = torch.optim.RMSprop(net.parameters(), lr=1e-3)
    seconds = []
    for _ in range(int(epochs)):
        began = time.perf_counter()
        order = torch.randperm(len(x))
        for rows in order.split(int(batch)):
            if len(rows) < 2:
                continue
            optimiser.zero_grad(set_to_none=True)
            loss = nll(torch, counts[rows], *net(x[rows], factors[rows])).mean()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            optimiser.step()
        seconds.append(time.perf_counter() - began)
    net.eval()
    with torch.no_grad():
        factors_out = factor(held_out)
        outputs = net(torch.log1p(held_out / factors_out) / deviation, factors_out)
        result = {"seconds": statistics.median(seconds[1:] or seconds), "nll": nll(torch, held_out, *outputs).sum(1).mean().item()}
        if truth:
            mu, dropped = (np.load(path) for path in truth)
            m = net(x, factors)[0].numpy()
            result["error"] = float(np.sqrt(np.mean((np.log1p(m) - np.log1p(mu))[dropped == 1] ** 2)))
    print(json.dumps(result))


def network(torch, n_features):
    nn = torch.nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            layers = []
            for n_in, n_out in [(n_features, 64), (64, 32), (32, 64)]:
                layers += [nn.Linear(n_in, n_out), nn.BatchNorm1d(n_out, eps=1e-3), nn.ReLU()]
            self.stack = nn.Sequential(*layers)
            self.mean, self.dispersion, self.dropout = (nn.Linear(64, n_features) for _ in range(3))
            for layer in self.modules():
                if isinstance(layer, nn.Linear):
                    nn.init.xavier_uniform_(layer.weight)
                    nn.init.zeros_(layer.bias)

        def forward(self, x, factors):
            h = self.stack(x)
            mean = torch.exp(self.mean(h)).clamp(1e-5, 1e6) * factors
            dispersion = nn.functional.softplus(self.dispersion(h)).clamp(1e-4, 1e4)
            return mean, dispersion, self.dropout(h)

    return Net()


def nll(torch, x, m, t, p):
    """Minus ln p(x) of every entry, as scVI's program writes it."""
    softplus, lgamma = torch.nn.functional.softplus, torch.lgamma
    ln_share = torch.log(t + 1e-8) - torch.log(t + m + 1e-8)
    zero = softplus(t * ln_share - p) - softplus(-p)
    other = (
        -softplus(-p) - p + t * ln_share + x * (torch.log(m + 1e-8) - torch.log(t + m + 1e-8))
        + lgamma(x + t) - lgamma(t) - lgamma(x + 1)
    )
    return -torch.where(x > 0, other, zero)


def main():
    arguments = parser(__doc__, rounds=3)
    arguments.add_argument("--epochs", type=int, default=20)
    arguments.add_argument("--batch", type=int, default=32)
    arguments.add_argument("--sets", nargs="+", choices=SETS, default=SETS[:2])
    options = arguments.parse_args()
    if options.one_round:
        return peer_round(*options.one_round)

    with tempfile.TemporaryDirectory() as folder:
        for name in options.sets:
            files, further = save(name, options.data, folder)
            words = [*files, str(options.epochs), str(options.batch), *further]
            programs = {"torch": one_round(__file__, *words), OURS: [example("zinb"), *words]}
            for threads in options.threads:
                results = race(programs, options.rounds, threads)
                task = f"ZINB autoencoder, {name}, an epoch at batch {options.batch}"
                report(task, results, threads, "torch", "nll", "error")
                ours, theirs = results[OURS], results["torch"]
                require(ours["nll"] < theirs["nll"] * 1.01, f"nll {ours['nll']} against {theirs['nll']}")
                if further:
                    require(ours["error"] < theirs["error"] * 1.05, f"error {ours['error']} against {theirs['error']}")


if __name__ == "__main__":
    main()
