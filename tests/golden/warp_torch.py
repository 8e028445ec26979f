"""Golden values of warps, splits of channels, sizes and cubic shrinking by PyTorch 2: writes warp_torch.safetensors.

python tests/golden/warp_torch.py (torch, safetensors)
"""

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(5)
height, width, channels = 12, 16, 5
image = torch.randn(1, channels, height, width, dtype=torch.float64)
# Some flows lead far out of the image, some to its border.
flow = 6 * torch.randn(1, 2, height, width, dtype=torch.float64)
y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
place = torch.stack([2 * (x + flow[:, 0]) / (width - 1) - 1, 2 * (y + flow[:, 1]) / (height - 1) - 1], dim=-1)


def sample(of, padding):
    return F.grid_sample(of, place, mode="bilinear", padding_mode=padding, align_corners=True)


mass = sample(torch.ones_like(image[:, :1]), "zeros")
even = torch.randn(1, 8, 3, 4, dtype=torch.float64)


def rows(maps):
    """NCHW as pixels x channels."""
    return maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1]).contiguous()


save_file(
    {
        "image": rows(image),
        "flow": rows(flow),
        "clamped": rows(sample(image, "border")),
        "masked": rows(sample(image, "zeros") * (mass >= 0.999)),
        "doubled": rows(F.interpolate(image, scale_factor=2, mode="bilinear", align_corners=False)),
        "shrunk_2": rows(F.interpolate(image, scale_factor=1 / 2, mode="bicubic", align_corners=False)),
        "shrunk_4": rows(F.interpolate(image, scale_factor=1 / 4, mode="bicubic", align_corners=False)),
        "channels": rows(even),
        "shuffled": rows(F.pixel_shuffle(even, 2)),
    },
    "tests/golden/warp_torch.safetensors",
)
