"""What the scripts of graph autoencoders share: Cora and its splits, the nets in plain PyTorch, means over runs.

No script of its own. Every run is 200 epochs of the published net (Kipf & Welling 2016: A^ relu(A^ X W0) W1, 32 and 16 wide,
glorot, Adam .01), full batch; the exact loss over all pairs is taken dense (`dense`) or in blocks of rows with the gradient
added up block by block (`blocked`).
"""

import json
import os
import statistics
import subprocess
import tempfile
import time

import numpy as np

from race import ROOT

BLOCK = 512


def graph(folder, split):
    """(features as scipy CSR, {kind: pairs}) of Cora."""
    import scipy.io
    import scipy.sparse

    x = scipy.sparse.csr_matrix(scipy.io.mmread(f"{folder}/features.mtx.gz"), dtype=np.float32)
    pairs = {}
    for line in open(f"{folder}/split{split}.tsv"):
        kind, i, j = line.split()
        pairs.setdefault(kind, []).append((int(i), int(j)))
    return x, {kind: np.array(rows) for kind, rows in pairs.items()}


def adjacency(n, train):
    """A without loops, and A^, of the links that are fitted."""
    import scipy.sparse

    i, j = train.T
    a = scipy.sparse.coo_matrix((np.ones(2 * len(i), np.float32), (np.r_[i, j], np.r_[j, i])), (n, n)).tocsr()
    loops = a + scipy.sparse.eye(n, dtype=np.float32, format="csr")
    root = scipy.sparse.diags(1 / np.sqrt(np.asarray(loops.sum(1)).ravel()))
    return a, (root @ loops @ root).tocsr().astype(np.float32)


def scores(z, pairs):
    """AUC and AP of the test links."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    of = lambda rows: np.einsum("ik,ik->i", z[rows[:, 0]], z[rows[:, 1]])
    found = np.r_[of(pairs["test"]), of(pairs["test_neg"])]
    truth = np.r_[np.ones(len(pairs["test"])), np.zeros(len(pairs["test_neg"]))]
    return 100 * roc_auc_score(truth, found), 100 * average_precision_score(truth, found)


def torch_run(folder, split, seed, epochs, variational, loss, adversarial=False):
    """One fit by PyTorch; a line of JSON."""
    import torch
    from torch.nn import functional

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    torch.manual_seed(int(seed))
    x, pairs = graph(folder, split)
    n, n_inputs = x.shape
    a, hat = adjacency(n, pairs["train"])
    sparse = lambda m: torch.sparse_csr_tensor(m.indptr, m.indices, torch.from_numpy(m.data), m.shape)
    hat, x = sparse(hat), sparse(x)
    target = (a + __import__("scipy.sparse").sparse.eye(n, dtype=np.float32, format="csr")).tocsr()
    all_pairs, linked = float(n * n), float(a.nnz)
    weight = torch.tensor((all_pairs - linked) / linked)
    norm = all_pairs / (2 * (all_pairs - linked))
    k = 32 if adversarial else 16

    def glorot(n_in, n_out):
        bound = (6 / (n_in + n_out)) ** 0.5
        return torch.empty(n_in, n_out).uniform_(-bound, bound).requires_grad_()

    w0, w1, w2 = glorot(n_inputs, 32), glorot(32, k), glorot(32, k)
    net = [w0, w1, w2] if variational else [w0, w1]

    def encode():
        h = torch.relu(hat @ (x @ w0))
        return hat @ (h @ w1), hat @ (h @ w2) if variational else None

    entropy = lambda s, t, scale: scale * functional.binary_cross_entropy_with_logits(
        s, t, pos_weight=weight, reduction="sum")
    dense_target = torch.from_numpy(target.toarray()) if loss == "dense" else None

    def descend(mu, log_sigma, optimiser):
        """A step down the autoencoder's own loss."""
        optimiser.zero_grad()
        z = mu if log_sigma is None else mu + torch.randn_like(mu) * log_sigma.exp()
        rest = 0
        if log_sigma is not None:
            rest = -0.5 / n * (1 + 2 * log_sigma - mu**2 - (2 * log_sigma).exp()).sum(1).mean()
        if loss == "dense":
            total = entropy(z @ z.T, dense_target, norm / all_pairs) + rest
            total.backward()
        else:
            leaf = z.detach().requires_grad_()
            total = 0.0
            for first in range(0, n, BLOCK):
                t = torch.from_numpy(target[first : first + BLOCK].toarray())
                part = entropy(leaf[first : first + BLOCK] @ leaf.T, t, norm / all_pairs)
                part.backward()
                total += part.item()
            outer = (z * leaf.grad).sum() + rest
            outer.backward()
        optimiser.step()
        return float(total)

    if not adversarial:
        adam = torch.optim.Adam(net, lr=0.01)
        step = lambda: descend(*encode(), adam)
    else:
        critic = torch.nn.Sequential(torch.nn.Linear(k, 64), torch.nn.ReLU(), torch.nn.Linear(64, 32), torch.nn.ReLU(),
                                     torch.nn.Linear(32, 1))
        adam, against = torch.optim.Adam(net, lr=1e-3), torch.optim.Adam(net, lr=1e-3)
        judge = torch.optim.Adam(critic.parameters(), lr=1e-3)
        told = lambda rows, label: functional.binary_cross_entropy_with_logits(
            critic(rows), torch.full((n, 1), label))

        def step():
            for _ in range(5):
                last = descend(*encode(), adam)
            judge.zero_grad()
            z = encode()[0]
            (told(torch.randn(n, k), 1.0) + told(z.detach(), 0.0)).backward()
            judge.step()
            against.zero_grad()
            told(z, 1.0).backward()
            against.step()
            return last

    began, cpu = time.perf_counter(), time.process_time()
    for _ in range(int(epochs)):
        last = step()
    seconds, cpu = (time.perf_counter() - began) / int(epochs), (time.process_time() - cpu) / int(epochs)
    with torch.no_grad():
        auc, ap = scores(encode()[0].numpy(), pairs)
    print(json.dumps({"seconds": seconds, "cpu_ms": 1e3 * cpu, "loss": last, "auc": auc, "ap": ap}))


def ours(folder, split, seed, model, *flags):
    """One fit by the command line: what its metrics.json says, AUC and AP in percent."""
    with tempfile.TemporaryDirectory() as out:
        command = [str(ROOT / "target/release/diabolo"), "fit", model, f"{folder}/edges.tsv", "--features",
                   f"{folder}/features.mtx.gz", "--split", f"{folder}/split{split}.tsv", "--seed", str(seed), "--out", out,
                   "--json", *flags]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    return found | {"auc": 100 * found["test_auc"], "ap": 100 * found["test_ap"]}


def means(runs):
    """AUC and AP of some runs: mean and standard error of each."""
    of = lambda key: [run[key] for run in runs]
    error = lambda values: statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0
    return {key: (statistics.mean(of(key)), error(of(key))) for key in ("auc", "ap")}


def show(name, found):
    (auc, auc_error), (ap, ap_error) = found["auc"], found["ap"]
    print(f"  {name:<28} AUC {auc:.2f} +- {auc_error:.2f}   AP {ap:.2f} +- {ap_error:.2f}", flush=True)
