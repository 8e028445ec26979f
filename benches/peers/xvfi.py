"""XVFI beside PyTorch: the network of the published size with the same weights makes the frame half way between two.

    cargo build --release --example frame_race
    pip install torch safetensors
    python benches/peers/xvfi.py [--rounds 3] [--threads 1 2] [--height 256 --width 512]

Height and width are multiples of 128 here: three levels at scale 4.
"""

import frames_race

FACTS = {"nf": 64, "scale": 4, "depth": 3, "calm": ["f_bot.10", "f2.10", "f3.12"]}


def build(facts):
    import torch
    import torch.nn.functional as F
    from torch import nn

    nf, scale, depth = facts["nf"], facts["scale"], facts["depth"]
    three = lambda a, b, stride=1: nn.Conv2d(a, b, 3, stride, 1)
    four = lambda a, b: nn.Conv2d(a, b, 4, 2, 1)
    up = lambda: nn.Upsample(scale_factor=2, mode="nearest")

    def block(n_in, n_out):
        halves = [four(n_in, 2 * nf), nn.ReLU(), four(2 * nf, 4 * nf), nn.ReLU()]
        return halves + [up(), three(4 * nf, 2 * nf), nn.ReLU(), up(), three(2 * nf, nf), nn.ReLU(), three(nf, n_out)]

    def warp(x, flow):
        h, w = x.shape[2:]
        rows, columns = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
        place = torch.stack([2 * (columns + flow[:, 0]) / (w - 1) - 1, 2 * (rows + flow[:, 1]) / (h - 1) - 1], -1)
        mass = F.grid_sample(torch.ones_like(x[:, :1]), place, align_corners=True)
        return F.grid_sample(x, place, align_corners=True) * (mass >= 0.999)

    def double(x, by=2):
        return F.interpolate(x, scale_factor=by, mode="bilinear", align_corners=False) * by

    def splat(flow, z, share):
        n, _, h, w = flow.shape
        rows, columns = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
        x, y = columns + share * flow[:, 0], rows + share * flow[:, 1]
        weight = torch.sigmoid(z[:, 0]) + 1e-5
        values = torch.cat([flow, torch.ones_like(z)], 1)
        sums = torch.zeros(n, 3, h * w)
        for dy in (0, 1):
            for dx in (0, 1):
                left, top = x.floor() + dx, y.floor() + dy
                near = torch.exp(-((x - left) ** 2) - (y - top) ** 2) * weight
                inside = (left >= 0) & (left < w) & (top >= 0) & (top < h)
                at = (top.clamp(0, h - 1) * w + left.clamp(0, w - 1)).long().reshape(n, 1, -1).expand(-1, 3, -1)
                sums.scatter_add_(2, at, (values * (near * inside)[:, None]).reshape(n, 3, -1))
        sums = sums.reshape(n, 3, h, w)
        return sums[:, :2], sums[:, 2:]

    class Xvfi(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv_in, self.ds, self.feat, self.ctx = three(3, nf), three(nf, nf, 2), three(nf, nf), three(nf, nf, 2)
            self.rb = nn.ModuleList(three(nf, nf) for _ in range(4))
            self.f_bot, self.f1 = nn.Sequential(*block(2 * nf, 6)), three(2 * nf, nf)
            self.f2 = nn.Sequential(*block(2 * nf + 4, 6))
            self.f3 = nn.Sequential(nn.Conv2d(4 * nf + 4, nf, 1), nn.ReLU(), *block(nf, 4))
            self.e1, self.e2, self.e3 = four(4 * nf // scale**2 + 16, nf), four(nf, 2 * nf), four(2 * nf, 4 * nf)
            self.d0, self.d1 = three(4 * nf, 4 * nf), three(6 * nf, 2 * nf)
            self.d2, self.d3 = three(3 * nf, nf), three(nf, 4)

        def features(self, frame):
            x = F.relu(self.conv_in(frame))
            for _ in range(scale.bit_length() - 1):
                x = F.relu(self.ds(x))
            h = self.feat(x)
            y = h + self.rb[1](F.relu(self.rb[0](h)))
            y = y + self.rb[3](F.relu(self.rb[2](y)))
            features = [h + y]
            for _ in range(depth):
                features.append(self.ctx(features[-1]))
            return features

        def forward(self, i0, i1, t=0.5):
            all0, all1 = self.features(i0), self.features(i1)
            found = self.f_bot(torch.cat([all0[-1], all1[-1]], 1))
            flow, z = found[:, :4], found[:, 4:]
            for f0, f1 in zip(all0[-2::-1], all1[-2::-1]):
                u = double(flow)
                a = self.f1(torch.cat([f0, warp(f1, u[:, :2])], 1))
                b = self.f1(torch.cat([f1, warp(f0, u[:, 2:])], 1))
                found = self.f2(torch.cat([a, b, u], 1))
                flow, z = u + found[:, :4], found[:, 4:]
            f0, f1 = all0[0], all1[0]
            (s0, n0), (s1, n1) = splat(flow[:, :2], z[:, :1], t), splat(flow[:, 2:], z[:, 1:], 1 - t)
            n = (1 - t) * n0 + t * n1
            n = torch.where(n == 0, torch.ones_like(n), n)
            turned = torch.cat([(t * t * s1 - (1 - t) * t * s0) / n, ((1 - t) ** 2 * s0 - t * (1 - t) * s1) / n], 1)
            w0, w1 = warp(f0, turned[:, :2]), warp(f1, turned[:, 2:])
            turned = turned + self.f3(torch.cat([f0, w0, w1, f1, turned], 1))
            large = double(turned, scale)
            w0, w1 = warp(f0, turned[:, :2]), warp(f1, turned[:, 2:])
            v0, v1 = warp(i0, large[:, :2]), warp(i1, large[:, 2:])
            spread = F.pixel_shuffle(torch.cat([f0, f1, w0, w1], 1), scale)
            e1 = F.relu(self.e1(torch.cat([spread, i0, i1, v0, v1, large], 1)))
            e2 = F.relu(self.e2(e1))
            x = F.relu(self.d0(F.relu(self.e3(e2))))
            twice = lambda x: F.interpolate(x, scale_factor=2, mode="nearest")
            x = F.relu(self.d1(torch.cat([twice(x), e2], 1)))
            x = F.relu(self.d2(torch.cat([twice(x), e1], 1)))
            u = self.d3(twice(x))
            o = torch.sigmoid(u[:, :1])
            blend = ((1 - t) * o * v0 + t * (1 - o) * v1) / ((1 - t) * o + t * (1 - o))
            return blend + u[:, 1:]

    return Xvfi().eval()


if __name__ == "__main__":
    frames_race.main(__doc__, "xvfi", build, FACTS, (-1.0, 1.0), 1e-4, 512)
