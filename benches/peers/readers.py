"""Readers beside scikit-learn's: words of text (CountVectorizer) and SVMlight files (load_svmlight_file).

    cargo build --release --example readers
    python benches/peers/readers.py [--rounds 5]

The text is the source of Python's standard library, a file a document; the SVMlight file holds 2,000,000 random
entries. Files are read within the time, by one thread each; the matrices and the words must be equal.
"""

import json
import pathlib
import shutil
import sysconfig
import tempfile
import time
import unicodedata

import numpy as np
import scipy.io
import scipy.sparse as sparse

from race import OURS, example, one_round, parser, race, report, require


def documents(folder):
    return sorted(str(path) for path in pathlib.Path(folder).iterdir())


def peer_round(kind, path):
    from sklearn.datasets import load_svmlight_file
    from sklearn.feature_extraction.text import CountVectorizer

    began = time.perf_counter()
    if kind == "text":
        x = CountVectorizer(input="filename").fit_transform(documents(path))
    else:
        x, _ = load_svmlight_file(path)
    print(json.dumps({"seconds": time.perf_counter() - began, "n_stored": int(x.nnz)}))


def gather_text(folder):
    """Copies of the library's modules, under their names with points: those that are UTF-8 and have no combining
    marks, which belong to words here and end them there."""
    library = pathlib.Path(sysconfig.get_paths()["stdlib"])
    for path in library.rglob("*.py"):
        name = ".".join(path.relative_to(library).parts)
        if "site-packages" not in name and "dist-packages" not in name:
            try:
                text = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
            if not any(unicodedata.category(c).startswith("M") for c in set(text.lower())):
                shutil.copy(path, pathlib.Path(folder, name))


def equal(x, y):
    x, y = sparse.csr_matrix(x), sparse.csr_matrix(y)
    return x.shape == y.shape and (x != y).nnz == 0


def main():
    arguments = parser(__doc__)
    arguments.set_defaults(threads=[1])
    options = arguments.parse_args()
    if options.one_round:
        return peer_round(*options.one_round)
    from sklearn.datasets import dump_svmlight_file, load_svmlight_file
    from sklearn.feature_extraction.text import CountVectorizer

    with tempfile.TemporaryDirectory() as folder:
        text, svm = pathlib.Path(folder, "text"), f"{folder}/x.svm"
        out = [f"{folder}/x.mtx", f"{folder}/words.txt"]
        text.mkdir()
        gather_text(text)
        vectorizer = CountVectorizer(input="filename")
        counts = vectorizer.fit_transform(documents(text))
        x = sparse.random(20_000, 5_000, 0.02, "csr", random_state=np.random.default_rng(0))
        dump_svmlight_file(x, np.arange(20_000) % 3, svm, zero_based=True)
        x, _ = load_svmlight_file(svm)  # written with 16 digits, one fewer than some values need
        megabytes = {"text": sum(path.stat().st_size for path in text.iterdir()) / 1e6}
        megabytes["svmlight"] = pathlib.Path(svm).stat().st_size / 1e6
        for kind, path, expected, peer in [
            ("text", text, counts, "CountVectorizer"),
            ("svmlight", svm, x, "load_svmlight_file"),
        ]:
            ours = [example("readers"), kind, str(path), *out]
            for threads in options.threads:
                results = race({peer: one_round(__file__, kind, path), OURS: ours}, options.rounds, threads)
                require(equal(scipy.io.mmread(out[0]), expected), f"the matrices of {kind} differ")
                if kind == "text":
                    words = pathlib.Path(out[1]).read_text(encoding="utf-8").split("\n")
                    require(words == vectorizer.get_feature_names_out().tolist(), "the words differ")
                shape = f"{expected.shape[0]} x {expected.shape[1]}"
                report(f"{kind}, {megabytes[kind]:.0f} MB, {shape}", results, threads, peer, "n_stored")


if __name__ == "__main__":
    main()
