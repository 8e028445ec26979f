"""FILM beside PyTorch: the network of the published size with the same weights makes the frame half way between two.

    cargo build --release --example frame_race
    pip install torch safetensors
    python benches/peers/film.py [--rounds 3] [--threads 1 2] [--height 256 --width 448]
"""

import frames_race

FACTS = {"levels": 7, "fusion_levels": 5, "sub_levels": 4, "k": 64, "filters": [32, 64, 128, 256], "calm": []}


def build(facts):
    import torch
    import torch.nn.functional as F
    from torch import nn

    k, filters, levels = facts["k"], facts["filters"], facts["levels"]
    channels = lambda level: sum(k << d for d in range(min(level + 1, facts["sub_levels"])))

    class Flow(nn.Module):
        def __init__(self, n_in, f):
            super().__init__()
            sizes = [(n_in, f, 3), (f, f, 3), (f, f, 3), (f, f // 2, 1), (f // 2, 2, 1)]
            self.l = nn.ModuleList(nn.Conv2d(a, b, side, padding=side // 2) for a, b, side in sizes)

        def forward(self, x):
            for layer in self.l[:-1]:
                x = F.leaky_relu(layer(x), 0.2)
            return self.l[-1](x)

    def warp(x, flow):
        h, w = x.shape[2:]
        rows, columns = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
        place = torch.stack([2 * (columns + flow[:, 0]) / (w - 1) - 1, 2 * (rows + flow[:, 1]) / (h - 1) - 1], -1)
        return F.grid_sample(x, place, padding_mode="border", align_corners=True)

    class Film(nn.Module):
        def __init__(self):
            super().__init__()
            sub = []
            for d in range(facts["sub_levels"]):
                sub += [nn.Conv2d(k << (d - 1) if d else 3, k << d, 3, padding=1), nn.Conv2d(k << d, k << d, 3, padding=1)]
            self.sub = nn.ModuleList(sub)
            self.flow = nn.ModuleList(Flow(2 * channels(i), f) for i, f in enumerate(filters))
            aligned = lambda level: 2 * (3 + channels(level) + 2)
            fusion = []
            for i in range(facts["fusion_levels"] - 1):
                f = k << i
                below = aligned(i + 1) if i + 2 == facts["fusion_levels"] else k << (i + 1)
                layers = [nn.Conv2d(below, f, 2), nn.Conv2d(aligned(i) + f, f, 3, padding=1), nn.Conv2d(f, f, 3, padding=1)]
                fusion.append(nn.ModuleList(layers))
            self.fus, self.out = nn.ModuleList(fusion), nn.Conv2d(k, 3, 1)

        def pyramid(self, frame):
            images = [frame]
            for _ in range(levels - 1):
                images.append(F.avg_pool2d(images[-1], 2))
            own = []
            for level, x in enumerate(images):
                depths = []
                for d in range(min(facts["sub_levels"], levels - level)):
                    x = F.avg_pool2d(x, 2) if d else x
                    for layer in self.sub[2 * d : 2 * d + 2]:
                        x = F.leaky_relu(layer(x), 0.2)
                    depths.append(x)
                own.append(depths)
            features = [
                torch.cat([own[level - d][d] for d in range(min(level + 1, facts["sub_levels"]))], 1)
                for level in range(levels)
            ]
            return images, features

        def flows(self, a, b):
            flows, flow = [None] * levels, None
            for level in reversed(range(levels)):
                predictor = self.flow[min(level, len(filters) - 1)]
                if flow is None:
                    flow = predictor(torch.cat([a[level], b[level]], 1))
                else:
                    flow = 2 * F.interpolate(flow, scale_factor=2, mode="bilinear", align_corners=False)
                    flow = flow + predictor(torch.cat([a[level], warp(b[level], flow)], 1))
                flows[level] = flow
            return flows

        def forward(self, first, second):
            (images_a, a), (images_b, b) = self.pyramid(first), self.pyramid(second)
            forward, backward = self.flows(a, b), self.flows(b, a)
            net = None
            for level in reversed(range(facts["fusion_levels"])):
                back, there = 0.5 * backward[level], 0.5 * forward[level]
                parts = [
                    warp(torch.cat([images_a[level], a[level]], 1), back),
                    warp(torch.cat([images_b[level], b[level]], 1), there),
                    back,
                    there,
                ]
                if net is None:
                    net = torch.cat(parts, 1)
                    continue
                resize, first_conv, second_conv = self.fus[level]
                net = resize(F.pad(F.interpolate(net, scale_factor=2, mode="nearest"), (0, 1, 0, 1)))
                net = F.leaky_relu(first_conv(torch.cat([*parts, net], 1)), 0.2)
                net = F.leaky_relu(second_conv(net), 0.2)
            return self.out(net)

    return Film().eval()


if __name__ == "__main__":
    frames_race.main(__doc__, "film", build, FACTS, (0.0, 1.0), 1e-4, 448)
