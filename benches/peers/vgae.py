"""The variational graph autoencoder beside PyTorch: Cora, three splits, five seeds, and the time of an epoch.

    cargo build --release --bins --examples
    python benches/peers/vgae.py [--rounds 3] [--threads 1 2] [--seeds 5] [--splits 0 1 2] [--epochs 200]

The same net, loss and splits (see graphs.py); published AUC and AP are 91.4 and 92.6. Means must agree within one standard
error of either. An epoch is forward, backward and Adam, without evaluation.
"""

from graphs import means, ours, show, torch_run
from race import OURS, example, one_round, parser, race, report, require, run


def main(model="vgae", variational=True):
    arguments = parser(__doc__, rounds=3)
    arguments.add_argument("--seeds", type=int, default=5)
    arguments.add_argument("--splits", type=int, nargs="+", default=[0, 1, 2])
    arguments.add_argument("--epochs", type=int, default=200)
    options = arguments.parse_args()
    if options.one_round:
        folder, split, seed, epochs, loss = options.one_round
        return torch_run(folder, split, seed, epochs, variational, loss)

    cora = f"{options.data}/cora"
    peer, own = [], []
    for split in options.splits:
        for seed in range(options.seeds):
            peer.append(run(one_round(f"{__file__[:__file__.rindex('/')]}/{model}.py", cora, split, seed, options.epochs, "blocked"), 2))
            own.append(ours(cora, split, seed, model))
    theirs, found = means(peer), means(own)
    print(f"{model} on Cora, {len(own)} runs")
    show("PyTorch, blocked", theirs)
    show(OURS, found)
    for key in ("auc", "ap"):
        apart = abs(theirs[key][0] - found[key][0])
        error = (theirs[key][1] ** 2 + found[key][1] ** 2) ** 0.5
        print(f"  {key}: {apart:.2f} apart, standard error of the difference {error:.2f}")
        require(apart <= 2 * error, f"{key} differs by more than two standard errors of the difference")
    for flags in (["--decoder", "sampled"], ["--decoder", "subgraph"], ["--encoder", "linear"], ["--link", "gcn"],
                  ["--encoder", "vgnae", "--n-latent", "128", "--learning-rate", "0.005", "--epochs", "300"]):
        show(" ".join(flags[:2]), means([ours(cora, split, seed, model, *flags)
                                         for split in options.splits for seed in range(options.seeds)]))

    few = str(min(options.epochs, 40))
    script = f"{__file__[:__file__.rindex('/')]}/{model}.py"
    programs = {f"PyTorch, {loss}": one_round(script, cora, 0, 1, few, loss) for loss in ("blocked", "dense")}
    programs[OURS] = [example(model), f"{cora}/edges.tsv", f"{cora}/features.mtx.gz", f"{cora}/split0.tsv", few, "1"]
    for threads in options.threads:
        results = race(programs, options.rounds, threads)
        report(f"{model.upper()}, Cora, an epoch over all pairs", results, threads, "PyTorch, blocked", "cpu_ms", "auc", "ap")


if __name__ == "__main__":
    main()
