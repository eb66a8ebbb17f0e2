"""Prints StagedLearnersTests/ExactReference.swift: staged training in exact rational arithmetic.

In this folder:

    python3 staged_training.py > ../StagedLearnersTests/ExactReference.swift
    swift format -i ../StagedLearnersTests/ExactReference.swift

Everything is a Fraction and the d x d normal equations are solved by elimination, so the only rounding is the last
one, to the nearest Double. Where the order difference is 10^-17 of the models, it is still exact here.
"""

from fractions import Fraction
from itertools import permutations

# Three stages of four features: rows and labels.
DATA = {
    "A": ([[1, 2, 0, -1], [0, 1, 3, 1]], [1, -2]),
    "B": ([[2, -1, 1, 0], [1, 0, -2, 2], [0, 1, 1, -3]], [3, 1, -1]),
    "U": ([[1, 1, -1, 2], [-2, 0, 1, 1]], [2, -3]),
}
DIMENSION = 4

# Name, trainer of each stage.
RIDGE = [
    ("moderate", {"A": Fraction(1), "B": Fraction(1, 2), "U": Fraction(2)}),
    ("small", {"A": Fraction(1, 64), "B": Fraction(1, 256), "U": Fraction(1, 128)}),
    ("large", {"A": Fraction(10**8), "B": Fraction(10**8), "U": Fraction(10**8)}),
    ("mixed", {"A": Fraction(10**8), "B": Fraction(10**8), "U": Fraction(1)}),
]
# Steps and step size of gradient descent on the mean squared loss.
DESCENT = {"A": (3, Fraction(1, 16)), "B": (5, Fraction(1, 32)), "U": (1, Fraction(1, 8))}


def solve(matrix, right):
    """Gauss-Jordan elimination; exact."""
    n = len(matrix)
    rows = [list(row) + [value] for row, value in zip(matrix, right)]
    for column in range(n):
        pivot = next(index for index in range(column, n) if rows[index][column] != 0)
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = [value / rows[column][column] for value in rows[column]]
        for index in range(n):
            if index != column and rows[index][column] != 0:
                factor = rows[index][column]
                rows[index] = [one - factor * other for one, other in zip(rows[index], rows[column])]
    return [row[n] for row in rows]


def residual(x, y, theta):
    return [label - sum(a * b for a, b in zip(row, theta)) for row, label in zip(x, y)]


def transpose_times(x, r):
    return [sum(row[i] * value for row, value in zip(x, r)) for i in range(DIMENSION)]


def ridge(x, y, mu, theta):
    """The minimiser of ||X th - y||^2 + mu ||th - theta||^2: (X'X + mu I) th = X'y + mu theta."""
    normal = [
        [sum(row[i] * row[j] for row in x) + (mu if i == j else 0) for j in range(DIMENSION)]
        for i in range(DIMENSION)
    ]
    return solve(normal, [a + mu * b for a, b in zip(transpose_times(x, y), theta)])


def descend(x, y, steps, size, theta):
    """Gradient descent on (1/n) ||X th - y||^2, step after step."""
    for _ in range(steps):
        direction = transpose_times(x, residual(x, y, theta))
        theta = [value + 2 * size / len(x) * part for value, part in zip(theta, direction)]
    return theta


def train(path, stage):
    theta = [Fraction(0)] * DIMENSION
    for name in path:
        theta = stage(name, theta)
    return theta


def literal(vector):
    return "[" + ", ".join(repr(float(value)) for value in vector) + "]"


def main():
    print("// Printed by Tests/ReferenceValues/staged_training.py; do not edit.")
    print("let exactModels: [ExactModel] = [")
    differences = []
    laws = [(name, lambda s, th, mu=mu: ridge(*DATA[s], mu[s], th)) for name, mu in RIDGE]
    laws.append(("descent", lambda s, th: descend(*DATA[s], *DESCENT[s], th)))
    for name, stage in laws:
        models = {path: train(path, stage) for path in permutations("ABU")}
        models.update({path: train(path, stage) for path in permutations("AB")})
        for path, theta in models.items():
            print(f'  .init(.{name}, "{"".join(path)}", {literal(theta)}),')
        for path, theta in models.items():
            swapped = tuple({"A": "B", "B": "A"}.get(s, s) for s in path)
            if path < swapped:
                differences.append((name, path, swapped, [a - b for a, b in zip(theta, models[swapped])]))
    print("]")
    print("/// The exact difference between two orders, rounded once.")
    print("let exactDifferences: [ExactDifference] = [")
    for name, one, other, delta in differences:
        print(f'  .init(.{name}, "{"".join(one)}", "{"".join(other)}", {literal(delta)}),')
    print("]")


if __name__ == "__main__":
    main()
