"""Counts the words of two texts with scikit-learn's CountVectorizer, by the rules of src/io/text; see README.md.
Run in this folder. The texts: LICENSE-APACHE of the repository and text_languages.txt, a document a line."""

import json
import pathlib
import re

from sklearn.feature_extraction.text import CountVectorizer

ROOT = pathlib.Path("../../..")
licence = (ROOT / "LICENSE-APACHE").read_text(encoding="utf-8").splitlines()
languages = pathlib.Path("text_languages.txt").read_text(encoding="utf-8").splitlines()
listed = (ROOT / "src/io/text/english.txt").read_text(encoding="utf-8").splitlines()
listed = " ".join(line for line in listed if not line.startswith("#"))
stop_words = sorted(set(re.findall(r"(?u)\b\w\w+\b", listed)))


def rows(matrix):
    """For every document: column, count, column, count ..."""
    matrix.sort_indices()
    parts = zip(matrix.indptr, matrix.indptr[1:])
    return [[int(x) for at in range(a, b) for x in (matrix.indices[at], matrix.data[at])] for a, b in parts]


cases = {}
for name, text, options in [
    ("plain", licence, {}),
    ("frequencies", licence, dict(stop_words=stop_words, min_df=2, max_df=0.05)),
    ("most_frequent", licence, dict(lowercase=False, token_pattern=r"(?u)\b\w+\b", max_features=20)),
    ("ngrams", licence, dict(stop_words=stop_words, ngram_range=(1, 3), min_df=0.012, max_df=20)),
    ("languages", languages, {}),
    ("languages_as_written", languages, dict(lowercase=False, token_pattern=r"(?u)\b\w+\b")),
]:
    vectorizer = CountVectorizer(**options)
    counts = vectorizer.fit_transform(text)
    totals = sorted(CountVectorizer(**options | {"max_features": None}).fit_transform(text).sum(axis=0).A1)
    limit = options.get("max_features")
    assert limit is None or totals[-limit] > totals[-limit - 1], "a tie would leave the choice to scikit-learn"
    cases[name] = {
        "vocabulary": vectorizer.get_feature_names_out().tolist(),
        "rows": rows(counts),
        # What the vocabulary makes of the other text.
        "other_rows": rows(vectorizer.transform(languages if text is licence else licence)),
    }
with open("text_counts.json", "w", encoding="utf-8") as file:
    json.dump(cases, file, ensure_ascii=False, separators=(",", ":"))
