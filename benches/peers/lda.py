"""LDA beside scikit-learn, gensim and tomotopy: 20 Newsgroups, K = 50, alpha = .1, eta = .01.

    cargo build --release --example lda
    python benches/peers/lda.py [--rounds 3] [--threads 1 2] [--only variational online gibbs many size goal]

* variational: batch VB, --vb-iter iterations, documents to the same mean change; the bound of both after every
  iteration from the same topics within 1e-4 is a test of the suite, here seconds of iterations are compared at
  perplexities within 3 %.
* online: gensim with fixed priors, --passes passes in chunks of 2,000; diabolo in batches of as many; perplexities
  within 3 % or better.
* gibbs: tomotopy, --sweeps sweeps, perplexity equal within 1 %; tokens a second are those of a sweep. diabolo's
  sampler is exact with 1 thread, and cut into 8 parts with more.
* many: diabolo's dense sampler beside its passes, K = 16 to 4,096, tokens a second.
* size: seconds of 10 sweeps or iterations and memory at 1, 4 and 16 times the documents.
* goal: one model's completion perplexity and NPMI with the settings that were best on `va`.

Perplexity is document completion of the test halves (`diabolo::metrics::held_out`): theta by 50 iterations with alpha
= .1 from equal shares, pooled over tokens. NPMI: presence a training document, ten words a topic, -1 where a pair is
never together; mean over pairs, then topics.
"""

import json
import tempfile
import time

import numpy as np

from race import OURS, counts, example, npmi, one_round, parser, race, report, require, run

K, ALPHA, ETA = 50, 0.1, 0.01
GOAL = ["learn_alpha=asymmetric", "eta=0.1", "burn_in=500", "thin=5"]
GOAL_SWEEPS = 1500


def perplexity(beta, folder):
    """Document completion of the test halves."""
    h1, h2 = (counts(f"{folder}/ts_{half}.mtx.gz") for half in ("h1", "h2"))
    total = 0.0
    for d in range(h1.shape[0]):
        a, b = slice(*h1.indptr[d : d + 2]), slice(*h2.indptr[d : d + 2])
        words, theta = beta[:, h1.indices[a]], np.full(len(beta), 1 / len(beta))
        for _ in range(50):
            r = theta[:, None] * words
            theta = ALPHA + (r / np.maximum(r.sum(0), 1e-300)) @ h1.data[a]
            theta /= theta.sum()
        total += h2.data[b] @ np.log(np.maximum(theta @ beta[:, h2.indices[b]], 1e-300))
    return float(np.exp(-total / h2.sum()))


def finish(seconds, beta, folder, **more):
    print(json.dumps({"seconds": seconds, "perplexity": perplexity(beta, folder)} | more))


def sklearn_round(folder, n_iter, threads):
    from sklearn.decomposition import LatentDirichletAllocation

    x = counts(f"{folder}/tr.mtx.gz")
    model = LatentDirichletAllocation(K, doc_topic_prior=ALPHA, topic_word_prior=ETA, max_iter=int(n_iter), learning_method="batch", mean_change_tol=1e-3, max_doc_update_iter=100, random_state=0, n_jobs=int(threads))
    began = time.perf_counter()
    model.fit(x)
    seconds = time.perf_counter() - began
    finish(seconds, model.components_ / model.components_.sum(1, keepdims=True), folder)


def gensim_round(folder, passes, threads):
    from gensim.matutils import Sparse2Corpus
    from gensim.models import LdaModel, LdaMulticore

    x = counts(f"{folder}/tr.mtx.gz")
    names = {i: str(i) for i in range(x.shape[1])}
    corpus = list(Sparse2Corpus(x, documents_columns=False))
    common = dict(id2word=names, num_topics=K, alpha=[ALPHA] * K, eta=ETA, passes=int(passes), chunksize=2000, eval_every=0, random_state=0, iterations=100, gamma_threshold=1e-3, decay=0.7, offset=10.0)
    began = time.perf_counter()
    model = LdaModel(corpus, update_every=1, **common) if threads == "1" else LdaMulticore(corpus, workers=int(threads) - 1, **common)
    seconds = time.perf_counter() - began
    finish(seconds, model.get_topics().astype(np.float64), folder)


def tomotopy_round(folder, sweeps, threads):
    import tomotopy as tp

    x = counts(f"{folder}/tr.mtx.gz")
    model = tp.LDAModel(k=K, alpha=ALPHA, eta=ETA, seed=1)
    for d in range(x.shape[0]):
        row = slice(*x.indptr[d : d + 2])
        if row.start < row.stop:
            model.add_doc(np.repeat(x.indices[row], x.data[row].astype(int)).astype(str).tolist())
    # Priors stay as they are, as in diabolo.
    model.optim_interval = 0
    model.train(0)
    began = time.perf_counter()
    model.train(int(sweeps), workers=int(threads), parallel=tp.ParallelScheme.DEFAULT if threads != "1" else tp.ParallelScheme.NONE)
    seconds = time.perf_counter() - began
    beta = np.full((K, x.shape[1]), 0.0)
    order = [int(word) for word in model.used_vocabs]
    for k in range(K):
        beta[k, order] = model.get_topic_word_dist(k)
    finish(seconds, beta, folder, tokens=float(x.sum()))


def ours(folder, method, k, n_iter, *keys):
    halves = [f"seen={folder}/ts_h1.mtx.gz", f"unseen={folder}/ts_h2.mtx.gz"]
    return [example("lda"), f"{folder}/tr.mtx.gz", method, str(k), str(n_iter), f"alpha={ALPHA}", f"eta={ETA}", "tol=0", *halves, *keys]


def main():
    arguments = parser(__doc__, rounds=3)
    races = ["variational", "online", "gibbs", "many", "size", "goal"]
    arguments.add_argument("--only", nargs="+", choices=races, default=races)
    arguments.add_argument("--vb-iter", type=int, default=10)
    arguments.add_argument("--passes", type=int, default=2)
    arguments.add_argument("--sweeps", type=int, default=200)
    options = arguments.parse_args()
    folder = f"{options.data}/news20"
    if options.one_round:
        which, *given = options.one_round
        rounds = {"scikit-learn": sklearn_round, "gensim": gensim_round, "tomotopy": tomotopy_round}
        return rounds[which](folder, *given)

    def compare(task, peer, given, command, threads, within):
        results = race({peer: one_round(__file__, peer, *given, threads), OURS: command}, options.rounds, threads)
        reached = {name: result["perplexity"] for name, result in results.items()}
        require(reached[OURS] <= (1 + within) * reached[peer], f"perplexity {reached}")
        report(task, results, threads, peer, "perplexity")
        return results

    for threads in options.threads:
        if "variational" in options.only:
            command = ours(folder, "variational", K, options.vb_iter, f"restarts={options.vb_iter}", "inner_tol=0.001")
            compare(f"LDA, batch VB, {options.vb_iter} iterations, news20", "scikit-learn", [options.vb_iter], command, threads, 0.03)
        if "online" in options.only:
            command = ours(folder, "online", K, options.passes, "batch_size=2000", "kappa=0.7", "tau0=10", "inner_tol=0.001")
            compare(f"LDA, online VB, {options.passes} passes, news20", "gensim", [options.passes], command, threads, 0.03)
        if "gibbs" in options.only:
            chunks = 1 if threads == 1 else 8
            command = ours(folder, "gibbs", K, options.sweeps, f"burn_in={options.sweeps - 1}", f"chunks={chunks}")
            results = compare(f"LDA, Gibbs, {options.sweeps} sweeps, news20", "tomotopy", [options.sweeps], command, threads, 0.01)
            tokens = results["tomotopy"]["tokens"] * options.sweeps
            print("  Mtokens/s: " + ", ".join(f"{name} {tokens / result['seconds'] / 1e6:.1f}" for name, result in results.items()))
    if "many" in options.only:
        tokens = float(counts(f"{folder}/tr.mtx.gz").sum())
        print("Mtokens/s of 20 sweeps, 1 thread: topics, dense, passes")
        for k in (16, 32, 64, 128, 256, 512, 1024, 2048, 4096):
            speed = {}
            for sampler in ("dense", "passes"):
                command = [word for word in ours(folder, "gibbs", k, 20, "burn_in=19", f"sampler={sampler}") if "seen=" not in word]
                speed[sampler] = 20 * tokens / run(command, 1)["seconds"] / 1e6
            print(f"  {k:>5} {speed['dense']:>7.1f} {speed['passes']:>7.1f}", flush=True)
    if "size" in options.only:
        import scipy.sparse as sp

        print("seconds and MB of 10 sweeps or iterations, 1 thread: documents, gibbs, variational, cvb0")
        x = counts(f"{folder}/tr.mtx.gz")
        with tempfile.TemporaryDirectory() as temporary:
            path = f"{temporary}/x.npz"
            for times in (1, 4, 16):
                sp.save_npz(path, sp.vstack([x] * times).tocsr(), compressed=False)
                shown = []
                for method in ("gibbs", "variational", "cvb0"):
                    result = run([example("lda"), path, method, str(K), "10", f"alpha={ALPHA}", f"eta={ETA}", "tol=0", "burn_in=9"], 1)
                    shown.append(f"{result['seconds']:.2f} s {result['megabytes']:.0f} MB")
                print(f"  {times * x.shape[0]:>7} " + ", ".join(shown), flush=True)
    if "goal" in options.only:
        with tempfile.TemporaryDirectory() as temporary:
            command = ours(folder, "gibbs", K, GOAL_SWEEPS, *GOAL, f"beta={temporary}/beta.npy")
            result = run(command, 1)
            score = npmi(counts(f"{folder}/tr.mtx.gz"), np.load(f"{temporary}/beta.npy"))
        print(f"one model, {GOAL_SWEEPS} sweeps, {' '.join(GOAL)}: perplexity {result['perplexity']:.1f}, NPMI {score:.4f}, {result['seconds']:.1f} s")


if __name__ == "__main__":
    main()
