"""Convolutions beside PyTorch (both memory formats), onnxruntime and ncnn: nominal GFLOP a second and thread.

    cargo build --release --example conv_race
    python benches/peers/conv.py [--threads 1 2] [--seconds 0.25] [--rounds 3] [--backward] [--filter 3x3]

Forward with bias and LeakyReLU 0.2, in f32. Programs take turns on each shape, and the best round counts. onnxruntime
and ncnn keep a layout of their own between layers: where a layer makes as many channels as it reads they run four in a
row, and a fourth counts, so that the conversion to and from it weighs as little as in a network. Nominal: 2 x the
multiply-adds of the definition, also where fewer are made. Backward: against `aten::convolution_backward`.
"""

import argparse
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import time

OURS = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", "target")) / "release/examples/conv_race"

SHAPES = [  # name, height, width, in, out, kernel, stride, (top, left, bottom, right)
    ("3x3 64 at 256", 256, 256, 64, 64, 3, 1, (1, 1, 1, 1)),
    ("3x3 128 at 128", 128, 128, 128, 128, 3, 1, (1, 1, 1, 1)),
    ("3x3 256 at 64", 64, 64, 256, 256, 3, 1, (1, 1, 1, 1)),
    ("3x3 512 at 32", 32, 32, 512, 512, 3, 1, (1, 1, 1, 1)),
    ("3x3 512 at 16", 16, 16, 512, 512, 3, 1, (1, 1, 1, 1)),
    ("3x3 384-64 at 128", 128, 128, 384, 64, 3, 1, (1, 1, 1, 1)),
    ("3x3 1920-256 at 16x28", 16, 28, 1920, 256, 3, 1, (1, 1, 1, 1)),
    ("3x3 3-64 at 256", 256, 256, 3, 64, 3, 1, (1, 1, 1, 1)),
    ("1x1 64 at 256", 256, 256, 64, 64, 1, 1, (0, 0, 0, 0)),
    ("1x1 256-128 at 64", 64, 64, 256, 128, 1, 1, (0, 0, 0, 0)),
    ("2x2 128-64 at 256", 256, 256, 128, 64, 2, 1, (0, 0, 1, 1)),
    ("2x2 512-256 at 64", 64, 64, 512, 256, 2, 1, (0, 0, 1, 1)),
    ("4x4 s2 64-128 at 128", 128, 128, 64, 128, 4, 2, (1, 1, 1, 1)),
    ("4x4 s2 128-256 at 64", 64, 64, 128, 256, 4, 2, (1, 1, 1, 1)),
]
CHAIN = 4


def least(call, seconds):
    call()
    best, start = float("inf"), time.perf_counter()
    while time.perf_counter() - start < seconds:
        began = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - began)
    return best


def chained(shape):
    _, _, _, c_in, c_out, _, stride, _ = shape
    return CHAIN if c_in == c_out and stride == 1 else 1


def tensors(shape):
    import torch

    _, h, w, c_in, c_out, k, _, _ = shape
    torch.manual_seed(0)
    return torch.randn(1, c_in, h, w), torch.randn(c_out, c_in, k, k) * 0.05, torch.randn(c_out)


def torch_call(shape, channels_last, direction):
    import torch

    x, w, b = tensors(shape)
    top, left, bottom, right = shape[7]
    if channels_last:
        x, w = x.to(memory_format=torch.channels_last), w.to(memory_format=torch.channels_last)
    pads = [top, left] if (top, left) == (bottom, right) else [0, 0]
    if pads == [0, 0] and bottom + right > 0:  # "same" of an even window pads below and to the right
        padded = lambda: torch.nn.functional.pad(x, (left, right, top, bottom))
    else:
        padded = lambda: x
    with torch.no_grad():
        y = torch.nn.functional.conv2d(padded(), w, b, shape[6], pads)
    if direction == "forward":

        def call():
            with torch.inference_mode():
                y = torch.nn.functional.conv2d(padded(), w, b, shape[6], pads)
                torch.nn.functional.leaky_relu_(y, 0.2)

        return call
    mask = [direction == "data", direction == "weights", False]
    dy = torch.randn_like(y)

    def call():
        with torch.inference_mode():
            torch.ops.aten.convolution_backward(
                dy, padded(), w, [shape[4]], [shape[6]] * 2, pads, [1, 1], False, [0, 0], 1, mask
            )

    return call


def onnx_call(shape, threads):
    import numpy as np
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    _, h, w, c_in, c_out, k, stride, (top, left, bottom, right) = shape
    x, weight, bias = (t.numpy() for t in tensors(shape))
    nodes, name = [], "x"
    for layer in range(chained(shape)):
        nodes.append(
            helper.make_node(
                "Conv", [name, "w", "b"], [f"c{layer}"], pads=[top, left, bottom, right], strides=[stride] * 2, kernel_shape=[k, k]
            )
        )
        nodes.append(helper.make_node("LeakyRelu", [f"c{layer}"], [f"y{layer}"], alpha=0.2))
        name = f"y{layer}"
    graph = helper.make_graph(
        nodes,
        "conv",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, c_in, h, w])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None)],
        [numpy_helper.from_array(weight, "w"), numpy_helper.from_array(bias, "b")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    binding.bind_cpu_input("x", np.ascontiguousarray(x))
    binding.bind_output(name)
    return lambda: session.run_with_iobinding(binding)


def ncnn_call(shape, threads, keep):
    import ncnn
    import numpy as np

    _, h, w, c_in, c_out, k, stride, (top, left, bottom, right) = shape
    x, weight, bias = (t.numpy() for t in tensors(shape))
    n = chained(shape)
    lines, blob = ["Input in 0 1 x"], "x"
    for layer in range(n):
        lines.append(
            f"Convolution c{layer} 1 1 {blob} y{layer} 0={c_out} 1={k} 11={k} 3={stride} 4={left} 14={top} 15={right} 16={bottom} "
            f"5=1 6={weight.size} 9=2 -23310=1,0.2"
        )
        blob = f"y{layer}"
    folder = pathlib.Path(tempfile.mkdtemp())
    (folder / "m.param").write_text(f"7767517\n{n + 1} {n + 1}\n" + "\n".join(lines) + "\n")
    with open(folder / "m.bin", "wb") as file:
        for _ in range(n):
            file.write(struct.pack("<I", 0) + weight.astype("<f4").tobytes() + bias.astype("<f4").tobytes())
    net = ncnn.Net()
    for flag in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_storage", "use_vulkan_compute"):
        if hasattr(net.opt, flag):
            setattr(net.opt, flag, False)
    net.opt.num_threads = threads
    assert net.load_param(str(folder / "m.param")) == 0 and net.load_model(str(folder / "m.bin")) == 0
    given = ncnn.Mat(np.ascontiguousarray(x[0])).clone()
    keep.append(net)

    def call():
        extractor = net.create_extractor()
        extractor.input("x", given)
        return extractor.extract(blob)

    if n == 1:  # that it computes the same
        import torch

        made = np.array(call()[1])
        padded = torch.nn.functional.pad(torch.from_numpy(x), (left, right, top, bottom))
        want = torch.nn.functional.conv2d(padded, torch.from_numpy(weight), torch.from_numpy(bias), stride)
        want = torch.nn.functional.leaky_relu(want, 0.2)[0].numpy()
        assert np.abs(made - want).max() < 1e-2 * np.abs(want).max(), "ncnn computes something else"
    return call


class Ours:
    """Our side, a process that answers one line with one number."""

    def __init__(self, threads):
        command = [str(OURS), str(threads)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, direction, shape, seconds):
        _, h, w, c_in, c_out, k, stride, pads = shape
        words = [direction, "plain", 1, h, w, c_in, c_out, k, k, stride, *pads, seconds]
        print(*words, file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline())


def race(threads, options):
    import torch

    torch.set_num_threads(threads)
    ours = Ours(threads)
    directions = ["forward"] + (["data", "weights"] if options.backward else [])
    for direction in directions:
        peers = ["torch", "torch nhwc"] + (["onnxruntime", "ncnn"] if direction == "forward" else [])
        print(f"\n{direction}, {threads} thread(s): nominal GFLOP/s a thread\n")
        print("| shape | ours | " + " | ".join(peers) + " | over the best peer |")
        print("|---|" + "---|" * (len(peers) + 2))
        for shape in SHAPES:
            name, h, w, c_in, c_out, k, stride, (top, left, bottom, right) = shape
            if options.filter not in name:
                continue
            made = ((h + top + bottom - k) // stride + 1) * ((w + left + right - k) // stride + 1)
            work = 2e-9 * made * k * k * c_in * c_out / threads
            keep = []
            calls = {
                "torch": (torch_call(shape, False, direction), 1),
                "torch nhwc": (torch_call(shape, True, direction), 1),
            }
            if direction == "forward":
                calls["onnxruntime"] = (onnx_call(shape, threads), chained(shape))
                calls["ncnn"] = (ncnn_call(shape, threads, keep), chained(shape))
            best = dict.fromkeys(["ours", *calls], float("inf"))
            for _ in range(options.rounds):
                best["ours"] = min(best["ours"], ours.ask(direction, shape, options.seconds))
                for peer, (call, n) in calls.items():
                    best[peer] = min(best[peer], least(call, options.seconds) / n)
            rates = {who: work / seconds for who, seconds in best.items()}
            over = rates["ours"] / max(rates[peer] for peer in calls)
            cells = [f"{rates[who]:.0f}" for who in ["ours", *calls]]
            print(f"| {name} | " + " | ".join(cells) + f" | {over:.2f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--seconds", type=float, default=0.25)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--backward", action="store_true")
    parser.add_argument("--filter", default="")
    options = parser.parse_args()
    if len(options.threads) > 1:  # thread pools are made once a process
        for threads in options.threads:
            rest = ["--seconds", str(options.seconds), "--rounds", str(options.rounds), "--filter", options.filter]
            rest += ["--backward"] if options.backward else []
            subprocess.run([sys.executable, __file__, "--threads", str(threads), *rest], check=True)
        return
    os.environ["OMP_NUM_THREADS"] = str(options.threads[0])
    race(options.threads[0], options)


if __name__ == "__main__":
    main()
