"""A small variational autoencoder as PyTorch writes it, with what PyTorch computes: vae_torch.safetensors.

    pip install torch==2.15.0 safetensors numpy && python tests/golden/vae_torch.py

12-7-(3, 3)-7-12, ReLU; `x` are 5 rows, `expected_mu`, `expected_log_var` their codes, `expected_mean` what sigmoid makes of mu.
"""

import pathlib

import torch
from safetensors.torch import save_file
from torch import nn

torch.manual_seed(3)


class Vae(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.ModuleList([nn.Linear(12, 7)])
        self.mu, self.log_var = nn.Linear(7, 3), nn.Linear(7, 3)
        self.decoder = nn.ModuleList([nn.Linear(3, 7)])
        self.output = nn.Linear(7, 12)


net, x = Vae(), torch.rand(5, 12)
with torch.no_grad():
    h = torch.relu(net.encoder[0](x))
    mu, log_var = net.mu(h), net.log_var(h)
    mean = torch.sigmoid(net.output(torch.relu(net.decoder[0](mu))))
arrays = {**net.state_dict(), "x": x, "expected_mu": mu, "expected_log_var": log_var, "expected_mean": mean}
save_file(arrays, pathlib.Path(__file__).with_name("vae_torch.safetensors"))
