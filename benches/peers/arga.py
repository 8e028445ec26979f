"""The adversarial graph autoencoder beside PyTorch: Cora, the same game (see src/models/graph/arga), equal AUC.

    cargo build --release --bins
    python benches/peers/arga.py [--rounds 1] [--threads 1 2] [--seeds 3] [--epochs 100]

An epoch is five descents over all pairs, a step of the critic and one against it. Published AUC and AP are 92.4 and 93.2.
"""

from graphs import means, ours, show, torch_run
from race import OURS, one_round, parser, report, require, run


def main():
    arguments = parser(__doc__, rounds=1)
    arguments.add_argument("--seeds", type=int, default=3)
    arguments.add_argument("--epochs", type=int, default=100)
    options = arguments.parse_args()
    if options.one_round:
        folder, split, seed, epochs = options.one_round
        return torch_run(folder, split, seed, epochs, False, "blocked", adversarial=True)

    cora = f"{options.data}/cora"
    for threads in options.threads:
        peer = [run(one_round(__file__, cora, 0, seed, options.epochs), threads) for seed in range(options.seeds)]
        flags = ["--epochs", str(options.epochs), "--threads", str(threads)]
        own = [ours(cora, 0, seed, "arga", *flags) for seed in range(options.seeds)]
        show("PyTorch", means(peer))
        show(OURS, means(own))
        require(abs(means(peer)["auc"][0] - means(own)["auc"][0]) <= 1.5, "AUC differs by more than 1.5 points")
        last = own[-1]
        results = {"PyTorch": peer[-1],
                   OURS: {"seconds": last["seconds"] / options.epochs, "megabytes": last["peak_memory_bytes"] / 1e6,
                          "auc": last["auc"], "ap": last["ap"]}}
        report("ARGA, Cora, an epoch", results, threads, "PyTorch", "auc", "ap")


if __name__ == "__main__":
    main()
