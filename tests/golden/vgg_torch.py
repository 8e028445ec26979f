"""Distances of VGG19's features and Gram matrices by PyTorch 2, of weights that a formula gives: prints two numbers.

python tests/golden/vgg_torch.py (torch)
"""

import math

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
SIZES = [64, 64, "M", 128, 128, "M", 256, 256, 256, 256, "M", 512, 512, 512, 512, "M", 512, 512]
COMPARED = {1: 1 / 2.6, 3: 1 / 4.8, 5: 1 / 3.7, 9: 1 / 5.6, 13: 10 / 1.5}


def weights(n_in, n_out, layer):
    at = torch.arange(n_out * n_in * 9, dtype=torch.float64)
    w = torch.sin(0.7 * at * at % 1000 + layer) * math.sqrt(4 / (9 * n_in))
    return w.to(torch.float32).to(torch.float64).reshape(n_out, n_in, 3, 3), 0.1 * torch.cos(torch.arange(n_out) + layer)


def features(x):
    x = (x - torch.tensor([0.485, 0.456, 0.406]).reshape(1, 3, 1, 1)) / torch.tensor([0.229, 0.224, 0.225]).reshape(1, 3, 1, 1)
    layer, n_in, found = 0, 3, []
    for size in SIZES:
        if size == "M":
            x = F.avg_pool2d(x, 2)
            continue
        w, b = weights(n_in, size, layer)
        x = F.relu(F.conv2d(x, w, b, padding=1))
        if layer in COMPARED:
            found.append((COMPARED[layer], x))
        layer, n_in = layer + 1, size
    return found


def frame(seed):
    at = torch.arange(16 * 16 * 3, dtype=torch.float64)
    return (0.5 + 0.5 * torch.sin(seed + 0.3 * at)).reshape(1, 16, 16, 3).permute(0, 3, 1, 2)


content = style = 0
for (weight, a), (_, b) in zip(features(frame(1)), features(frame(2))):
    content += weight * (a - b).abs().mean()
    gram = lambda f: torch.einsum("bihw,bjhw->bij", f, f) / (f.shape[2] * f.shape[3])
    style += weight * ((gram(a) - gram(b)) ** 2).mean()
print(f"{content.item():.9g} {style.item():.9g}")
