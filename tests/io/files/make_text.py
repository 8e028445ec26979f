"""Writes the golden text files of tests/io with numpy and scipy; see README.md. Run in this folder."""

import csv
import gzip

import numpy as np
import scipy.io
import scipy.sparse as sparse

# 6 x 5, entry (i, j) is i + 2 j + 1 where (i + 2 j) % 3 == 0, else nothing.
i, j = np.indices((6, 5))
values = np.where((i + 2 * j) % 3 == 0, i + 2 * j + 1, 0)
matrix = sparse.coo_matrix(values)
scipy.io.mmwrite("mtx_integer.mtx", matrix, comment="made by scipy\nin two lines")
scipy.io.mmwrite("mtx_real.mtx", matrix.astype(float) / 8, precision=17)
scipy.io.mmwrite("mtx_pattern.mtx", matrix, field="pattern")
scipy.io.mmwrite("mtx_by_column.mtx", matrix.tocsc())
scipy.io.mmwrite("mtx_array.mtx", values / 8)
scipy.io.mmwrite("mtx_array_integer.mtx", values)
square = values[:5] + values[:5].T
scipy.io.mmwrite("mtx_symmetric.mtx", sparse.coo_matrix(square), symmetry="symmetric")
scipy.io.mmwrite("mtx_array_symmetric.mtx", square, symmetry="symmetric")
skew = values[:5] - values[:5].T
scipy.io.mmwrite("mtx_skew.mtx", sparse.coo_matrix(skew), symmetry="skew-symmetric")
scipy.io.mmwrite("mtx_array_skew.mtx", skew.astype(float), symmetry="skew-symmetric")
scipy.io.mmwrite("mtx_complex.mtx", matrix.astype(complex))
hermitian = square + 1j * skew
scipy.io.mmwrite("mtx_hermitian.mtx", sparse.coo_matrix(hermitian), symmetry="hermitian")
with gzip.open("mtx_integer.mtx.gz", "wb") as file:
    scipy.io.mmwrite(file, matrix)

# The 3 x 4 table 10 i + j - 5.
table = np.array([[10 * i + j - 5 for j in range(4)] for i in range(3)])
np.savetxt("text_blanks.txt", table)
np.savetxt("text_comma.csv", table, delimiter=",", header="a,b,c,d")
np.savetxt("text_tab.tsv.gz", table, delimiter="\t", fmt="%d")
with open("text_names.csv", "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["id", "plain", "with, comma", 'with "quotes"', " blank "])
    for name, row in zip(["one", "2", "th\u00e9, three"], table):
        writer.writerow([name, *row])
with open("text_quoted.csv", "w", newline="") as file:
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerow(["a", "b", "c", "d"])
    writer.writerows(table)
