"""Writes the golden lists of tests/io with scikit-learn and networkx; see README.md. Run in this folder."""

import networkx
import numpy as np
import scipy.sparse as sparse
from sklearn.datasets import dump_svmlight_file

# SVMlight: 6 x 5, entry (i, j) is (i + 2 j + 1) / 8 where (i + 2 j) % 3 == 0, else nothing.
i, j = np.indices((6, 5))
x = sparse.csr_matrix(np.where((i + 2 * j) % 3 == 0, (i + 2 * j + 1) / 8, 0))
classes = np.array([1, -1, 1, 3, -1, 1])
dump_svmlight_file(x, classes, "svmlight_from_0.txt", zero_based=True)
dump_svmlight_file(x, classes, "svmlight_from_1.txt", zero_based=False, comment="made by scikit-learn\nin two lines")
dump_svmlight_file(x, classes / 4, "svmlight_query.txt", zero_based=False, query_id=[1, 1, 2, 2, 2, 9])
both = np.array([[1, 0, 1], [0, 0, 1], [0, 0, 0], [1, 1, 1], [0, 1, 0], [1, 0, 1]])
dump_svmlight_file(x, both, "svmlight_multilabel.txt", zero_based=True, multilabel=True)

# Edge lists: a wheel of 6 nodes around node 0 (nodes named n0 to n5), its weights i + j / 2.
wheel = networkx.wheel_graph(6)
networkx.write_edgelist(wheel, "edges_plain.txt", data=False)
networkx.write_edgelist(wheel, "edges_dictionary.txt")
for a, b in wheel.edges:
    wheel[a][b]["weight"] = a + b / 2
networkx.write_edgelist(wheel, "edges_weight_dictionary.txt")
networkx.write_weighted_edgelist(wheel, "edges_weights.txt")
networkx.write_weighted_edgelist(networkx.relabel_nodes(wheel, "n{}".format), "edges_names.tsv", delimiter="\t")
