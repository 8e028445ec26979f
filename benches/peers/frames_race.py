"""What film.py and xvfi.py share: a network of PyTorch and ours with the same weights make the frame between two.

The weights are drawn by PyTorch and go to ours as safetensors under their published names; both outputs are compared.
"""

import json
import pathlib
import sys
import tempfile
import time

import race


def store(net, folder, frames):
    """Writes weights and frames (values as the network takes them, NCHW) for the rounds to come."""
    from safetensors.torch import save_file

    save_file({name: value.contiguous() for name, value in net.state_dict().items()}, folder / "weights.safetensors")
    pixels = lambda x: x[0].permute(1, 2, 0).reshape(-1, 3).contiguous()
    save_file({"first": pixels(frames[0]), "second": pixels(frames[1])}, folder / "frames.safetensors")


def one_round(build, folder):
    """A round of PyTorch: seconds of the second pass, the output written beside the weights."""
    import torch
    from safetensors.torch import load_file, save_file

    folder = pathlib.Path(folder)
    facts = json.loads((folder / "facts.json").read_text())
    torch.set_num_threads(facts["threads"])
    net = build(facts)
    net.load_state_dict(load_file(folder / "weights.safetensors"))
    held = load_file(folder / "frames.safetensors")
    shape = (1, facts["height"], facts["width"], 3)
    first, second = (held[name].reshape(shape).permute(0, 3, 1, 2).contiguous() for name in ("first", "second"))
    with torch.inference_mode():
        for _ in range(facts["passes"]):
            start, cpu = time.perf_counter(), time.process_time()
            out = net(first, second)
            seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    save_file({"out": out[0].permute(1, 2, 0).reshape(-1, 3).contiguous()}, folder / "torch.safetensors")
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu}))


def main(doc, model, build, facts, value_range, tolerance, width):
    options = race.parser(doc, rounds=3)
    options.add_argument("--height", type=int, default=256)
    options.add_argument("--width", type=int, default=width)
    options.add_argument("--passes", type=int, default=2, help="passes of a round; the last one is timed")
    options = options.parse_args()
    if options.one_round:
        return one_round(build, options.one_round[0])
    import torch
    from safetensors.torch import load_file

    torch.manual_seed(1)
    low, high = value_range
    for threads in options.threads:
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            own = facts | {"threads": threads, "height": options.height, "width": options.width, "passes": options.passes}
            (folder / "facts.json").write_text(json.dumps(own))
            # Blobs that move: flows and warps have something to do.
            coarse = torch.rand(1, 3, options.height // 16, options.width // 16)
            first = torch.nn.functional.interpolate(coarse, (options.height, options.width), mode="bilinear")
            first = low + (high - low) * first
            net = build(own)
            for name, value in net.state_dict().items():
                if name.endswith("weight"):
                    # Signals keep their size from layer to layer, and flows are some pixels.
                    share = 0.1 if name.removesuffix(".weight") in facts["calm"] else 1
                    value.normal_(0, share * (2 / value[0].numel()) ** 0.5)
            store(net, folder, [first, torch.roll(first, (5, 9), (2, 3))])
            size = [str(options.height), str(options.width), str(options.passes)]
            programs = {
                "PyTorch": race.one_round(sys.argv[0], folder),
                race.OURS: [race.example("frame_race"), model, str(folder), *size],
            }
            results = race.race(programs, options.rounds, threads)
            torch_out, our_out = (load_file(folder / name)["out"] for name in ("torch.safetensors", "ours.safetensors"))
            spread = torch_out.std().item()
            # The mean: where a warp reads from beyond the border, XVFI's jumps from all to nothing.
            distance = (torch_out - our_out).abs().mean().item() / spread
            race.require(distance <= tolerance, f"outputs of spread {spread} differ by {distance} of it")
            task = f"{model}, {options.height} x {options.width}, outputs within {distance:.1e} of their spread"
            race.report(task, results, threads, "PyTorch", "cpu_seconds")
