"""Normalizing flows in PyTorch, layer for layer those of the rooms, and the race that the scripts of the rooms share.

Data are standardised by the training set, levels dequantised by uniform noise; Adam, batches of 128, half a cosine of
step sizes from 1e-3, gradients clipped at norm 5, PyTorch's own initial values on both sides. Times are of the steps alone.
"""

import json
import math
import os
import tempfile
import time

import numpy as np

from race import OURS, example, one_round, parser, race, report, require

BATCH = 128


def moons(n, noise, rng):
    angle = math.pi * rng.random(n)
    upper = np.arange(n) % 2 == 0
    x = np.where(upper, np.cos(angle), 1 - np.cos(angle))
    y = np.where(upper, np.sin(angle), 0.5 - np.sin(angle))
    return np.stack([x, y], 1) + noise * rng.normal(size=(n, 2))


def sets(folder):
    """{name: (train, test, settings)}; settings of both sides."""
    from sklearn.datasets import load_digits

    rng = np.random.default_rng(1)
    digits = load_digits().data[rng.permutation(1797)]
    plant = np.loadtxt(f"{folder}/uci/power-plant.txt")
    energy = np.loadtxt(f"{folder}/uci/energy.txt")
    plant, energy = (x[rng.permutation(len(x))] for x in (plant, energy))
    return {
        "moons": (moons(6400, 0.05, rng), moons(5000, 0.05, rng), dict(epochs=30)),
        "digits": (digits[:1536], digits[1536:], dict(epochs=84, dequantise=True)),
        "power-plant": (plant[:7680], plant[7680:], dict(epochs=25)),
        "energy": (energy[:640], energy[640:], dict(epochs=200)),
    }


def build(room, n, settings):
    """The net: a module from x (n columns) to (z, log_det)."""
    import torch
    from torch import nn
    from torch.nn import functional

    hidden, n_layers = settings["hidden"], settings["n_layers"]

    def mlp(n_in, n_out):
        sizes = [n_in, *hidden]
        layers = [part for pair in zip(sizes, sizes[1:]) for part in (nn.Linear(*pair), nn.ReLU())]
        return nn.Sequential(*layers, nn.Linear(sizes[-1], n_out))

    class Couplings(nn.Module):
        """RealNVP, and NICE where `shift` is all."""

        def __init__(self, shift):
            super().__init__()
            self.shift, first = shift, (n + 1) // 2
            order = list(range(0, n, 2)) + list(range(1, n, 2))
            self.register_buffer("order", torch.tensor(order))
            self.first, per = first, 1 if shift else 2
            ends = [(first, n - first) if l % 2 == 0 else (n - first, first) for l in range(n_layers)]
            self.nets = nn.ModuleList(mlp(a, per * b) for a, b in ends)
            if shift:
                self.log_scale, self.bias = nn.Parameter(torch.zeros(n)), nn.Parameter(torch.zeros(n))

        def forward(self, x):
            x = x[:, self.order]
            a, b, log_det = x[:, : self.first], x[:, self.first :], 0.0
            for net in self.nets:
                if self.shift:
                    b = b + net(a)
                else:
                    s, t = net(a).chunk(2, 1)
                    l = 3 * torch.tanh(s / 3)
                    b, log_det = b * torch.exp(l) + t, log_det + l.sum(1)
                a, b = b, a
            z = torch.cat([a, b], 1)
            if self.shift:
                z, log_det = (z + self.bias) * torch.exp(self.log_scale), self.log_scale.sum()
            return z, log_det

    class MaskedLinear(nn.Linear):
        def __init__(self, degrees_in, degrees_out, strict):
            super().__init__(len(degrees_in), len(degrees_out))
            a, b = torch.tensor(degrees_in)[None], torch.tensor(degrees_out)[:, None]
            self.register_buffer("mask", (b > a if strict else b >= a).float())

        def forward(self, x):
            return functional.linear(x, self.mask * self.weight, self.bias)

    class Autoregressive(nn.Module):
        """MAF, and IAF where columns of x -> z go one after the other."""

        def __init__(self, one_by_one):
            super().__init__()
            self.one_by_one, nets = one_by_one, []
            for _ in range(n_layers):
                degrees, parts = list(range(1, n + 1)), []
                for width in hidden:
                    least = int(n > 1)
                    after = [least + unit % max(n - least, 1) for unit in range(width)]
                    parts += [MaskedLinear(degrees, after, False), nn.ReLU()]
                    degrees = after
                outputs = 2 * list(range(1, n + 1))
                nets.append(nn.Sequential(*parts, MaskedLinear(degrees, outputs, True)))
            self.nets = nn.ModuleList(nets)

        def forward(self, x):
            log_det = 0.0
            for layer, net in enumerate(self.nets):
                if layer:
                    x = x.flip(1)
                if self.one_by_one:
                    z, columns = x, []
                    for i in range(n):
                        known = torch.cat([*columns, z[:, i:]], 1)
                        out = net(known)
                        l = 3 * torch.tanh(out[:, i : i + 1] / 3)
                        columns.append((z[:, i : i + 1] - out[:, n + i : n + i + 1]) * torch.exp(-l))
                        log_det = log_det - l.squeeze(1)
                    x = torch.cat(columns, 1)
                else:
                    s, t = net(x).chunk(2, 1)
                    l = 3 * torch.tanh(s / 3)
                    x, log_det = (x - t) * torch.exp(-l), log_det - l.sum(1)
            return x, log_det

    def knots(raw, least, bound):
        share = least + (1 - least * raw.shape[-1]) * torch.softmax(raw, -1)
        knots = functional.pad(torch.cumsum(share, -1), (1, 0)) * 2 * bound - bound
        return torch.cat([knots[..., :-1], torch.full_like(knots[..., :1], bound)], -1)

    def spline(x, raw, n_bins=8, bound=3.0, least=1e-3):
        """Durkan et al. 2019: identity tails, as in the authors' code."""
        inside = (x >= -bound) & (x <= bound)
        u = x.clamp(-bound, bound)
        xs, ys = knots(raw[..., :n_bins], least, bound), knots(raw[..., n_bins : 2 * n_bins], least, bound)
        slopes = functional.pad(functional.softplus(raw[..., 2 * n_bins :]) + least, (1, 1), value=1.0)
        k = (torch.sum(u[..., None] >= xs[..., :-1], -1, keepdim=True) - 1).clamp(0, n_bins - 1)
        at = lambda values, k: values.gather(-1, k).squeeze(-1)
        x0, y0, w, h = at(xs, k), at(ys, k), at(xs, k + 1) - at(xs, k), at(ys, k + 1) - at(ys, k)
        d0, d1, s, xi = at(slopes, k), at(slopes, k + 1), h / w, (u - x0) / w
        t = xi * (1 - xi)
        den = s + (d0 + d1 - 2 * s) * t
        y = y0 + h * (s * xi**2 + d0 * t) / den
        q = d1 * xi**2 + 2 * s * t + d0 * (1 - xi) ** 2
        log_slope = 2 * torch.log(s) + torch.log(q) - 2 * torch.log(den)
        return torch.where(inside, y, x), torch.where(inside, log_slope, torch.zeros_like(x))

    class Mix(nn.Module):
        def __init__(self):
            super().__init__()
            self.triangles, self.log_diagonal = nn.Parameter(torch.zeros(n, n)), nn.Parameter(torch.zeros(n))

        def forward(self, x):
            lower = torch.tril(self.triangles, -1) + torch.eye(n)
            upper = torch.triu(self.triangles, 1) + torch.diag(torch.exp(self.log_diagonal))
            return x @ (lower @ upper), self.log_diagonal.sum()

    class Splines(nn.Module):
        def __init__(self):
            super().__init__()
            self.mixes = nn.ModuleList(Mix() for _ in range(n_layers + 1))
            self.nets = nn.ModuleList(mlp(n // 2, 23 * (n - n // 2)) for _ in range(n_layers))
            orders = [torch.randperm(n) if l % 2 == 0 else torch.arange(n).flip(0) for l in range(n_layers)]
            self.orders = orders

        def forward(self, x):
            log_det = 0.0
            for order, mix, net in zip(self.orders, self.mixes, self.nets):
                x, gain = mix(x[:, order])
                a, b = x[:, : n // 2], x[:, n // 2 :]
                b, l = spline(b, net(a).view(len(x), b.shape[1], 23))
                x, log_det = torch.cat([a, b], 1), log_det + gain + l.sum(1)
            x, gain = self.mixes[-1](x)
            return x, log_det + gain

    class ActNorm(nn.Module):
        def __init__(self, channels):
            super().__init__()
            self.log_scale, self.bias = (nn.Parameter(torch.zeros(1, channels, 1, 1)) for _ in range(2))
            self.is_started = False

        def forward(self, x):
            if not self.is_started:
                with torch.no_grad():
                    self.bias.copy_(-x.mean((0, 2, 3), keepdim=True))
                    self.log_scale.copy_(-0.5 * torch.log(x.var((0, 2, 3), keepdim=True, unbiased=False)))
                self.is_started = True
            return (x + self.bias) * torch.exp(self.log_scale), self.log_scale.sum() * x.shape[2] * x.shape[3]

    class GlowStep(nn.Module):
        def __init__(self, channels, width):
            super().__init__()
            self.norm, self.half = ActNorm(channels), channels // 2
            self.order = torch.randperm(channels)
            self.triangles = nn.Parameter(torch.zeros(channels, channels))
            self.log_diagonal = nn.Parameter(torch.zeros(channels))
            last = nn.Conv2d(width, channels, 3, padding=1)
            nn.init.zeros_(last.weight), nn.init.zeros_(last.bias)
            first, middle = nn.Conv2d(self.half, width, 3, padding=1), nn.Conv2d(width, width, 1)
            for layer in (first, middle):
                nn.init.kaiming_normal_(layer.weight), nn.init.zeros_(layer.bias)
            self.net = nn.Sequential(first, nn.ReLU(), middle, nn.ReLU(), last)

        def forward(self, x):
            x, gain = self.norm(x)
            lower = torch.tril(self.triangles, -1) + torch.eye(len(self.order))
            upper = torch.triu(self.triangles, 1) + torch.diag(torch.exp(self.log_diagonal))
            x = torch.einsum("ncij,cd->ndij", x[:, self.order], lower @ upper)
            gain = gain + self.log_diagonal.sum() * x.shape[2] * x.shape[3]
            a, b = x.split([self.half, x.shape[1] - self.half], 1)
            s, t = self.net(a).chunk(2, 1)
            l = torch.tanh(s)
            return torch.cat([a, b * torch.exp(l) + t], 1), gain + l.sum((1, 2, 3))

    class Glow(nn.Module):
        def __init__(self):
            super().__init__()
            self.side, levels, channels = int(math.isqrt(n)), [], 1
            for _ in range(2):
                channels *= 4
                levels.append(nn.ModuleList(GlowStep(channels, hidden[0]) for _ in range(n_layers)))
                channels //= 2
            self.levels = nn.ModuleList(levels)

        def forward(self, x):
            x, done, log_det = x.view(-1, 1, self.side, self.side), [], 0.0
            for l, level in enumerate(self.levels):
                x = functional.pixel_unshuffle(x, 2)
                for step in level:
                    x, gain = step(x)
                    log_det = log_det + gain
                if l + 1 < len(self.levels):
                    x, out = x.chunk(2, 1)
                    done.append(out.flatten(1))
            return torch.cat([*done, x.flatten(1)], 1), log_det

    rooms = {
        "realnvp": lambda: Couplings(False),
        "nice": lambda: Couplings(True),
        "maf": lambda: Autoregressive(False),
        "iaf": lambda: Autoregressive(True),
        "spline": Splines,
        "glow": Glow,
    }
    return rooms[room]()


def peer_round(room, train_path, test_path, settings, seed):
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    torch.manual_seed(int(seed))
    settings = json.loads(settings)
    train, test = (torch.from_numpy(np.load(path)) for path in (train_path, test_path))
    n, is_level = train.shape[1], settings.get("dequantise", False)
    mean, variance = train.mean(0), train.var(0, unbiased=False)
    if is_level:
        mean, variance = mean + 0.5, variance + 1 / 12
    spread = torch.where(variance > 0, variance.sqrt(), torch.ones_like(variance))
    units = spread.log().sum().item()
    noisy = lambda x: x + torch.rand_like(x) if is_level else x
    ready = lambda x: ((noisy(x) - mean) / spread).float()
    net = build(room, n, settings)

    def log_density(x):
        z, log_det = net(x)
        if room == "nice":
            base = -(torch.nn.functional.softplus(z) + torch.nn.functional.softplus(-z)).sum(1)
        else:
            base = -0.5 * z.square().sum(1) - 0.5 * n * math.log(2 * math.pi)
        return base + log_det

    with torch.no_grad():
        log_density(ready(train[:512]))
    adam = torch.optim.Adam(net.parameters(), lr=1e-3)
    n_steps = settings["epochs"] * math.ceil(len(train) / BATCH)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(adam, n_steps)
    began = time.perf_counter()
    for _ in range(settings["epochs"]):
        for rows in torch.randperm(len(train)).split(BATCH):
            adam.zero_grad()
            (-log_density(ready(train[rows])).mean()).backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            adam.step()
            cosine.step()
    seconds = time.perf_counter() - began
    with torch.no_grad():
        found = log_density(ready(test)).mean().item() - units
    print(json.dumps({"seconds": seconds, "log_likelihood": found, "bits": -found / n / math.log(2)}))


def main(doc, room, hidden, n_layers, names, apart):
    """Races a room on some sets; `apart` says by set how far likelihoods a feature may be apart."""
    arguments = parser(doc, rounds=3)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--sets", nargs="+", default=names)
    options = arguments.parse_args()
    if options.one_round:
        return peer_round(*options.one_round)

    script = f"{os.path.dirname(os.path.abspath(__file__))}/{room}.py"
    found = sets(options.data)
    with tempfile.TemporaryDirectory() as folder:
        for name in options.sets:
            train, test, settings = found[name]
            paths = [f"{folder}/{name}-{which}.npy" for which in ("train", "test")]
            for path, x in zip(paths, (train, test)):
                np.save(path, np.ascontiguousarray(x))
            settings = settings | {"hidden": hidden, "n_layers": n_layers}
            ours = settings | {"batch_size": BATCH, "validation": 0.0, "patience": 0}
            programs = {
                "PyTorch": one_round(script, room, *paths, json.dumps(settings), options.seed),
                OURS: [example("flow_race"), room, *paths, json.dumps(ours), str(options.seed)],
            }
            for threads in options.threads:
                results = race(programs, options.rounds, threads)
                by_feature = [results[key]["log_likelihood"] / train.shape[1] for key in ("PyTorch", OURS)]
                worse = by_feature[0] - by_feature[1]
                figures = ["log_likelihood"] + (["bits"] if settings.get("dequantise") else [])
                report(f"{room}, {name}", results, threads, "PyTorch", *figures)
                require(worse <= apart[name], f"likelihoods are {worse:.3f} nats a feature apart")
