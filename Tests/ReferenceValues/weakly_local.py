"""Prints TheoremsTests/WeaklyLocalReference.swift: ascent with a retain term, from NumPy and SciPy.

In this folder:

    python3 weakly_local.py > ../TheoremsTests/WeaklyLocalReference.swift
    swift format -i ../TheoremsTests/WeaklyLocalReference.swift

Everything is computed with d x d matrices: M itself, its eigenvalues, its powers by repeated products, and gamma* as a
generalised eigenvalue. The instances are those of theorem31.py.
"""

import numpy as np
import scipy.linalg

from theorem31 import D, ETA, K, MU_A, MU_B, instances, literal

GAMMAS = [0.0, 0.25, 3.0, 40.0]


def trained(x_a, y_a, x_b, y_b):
    eye = np.eye(D)
    one = np.linalg.solve(x_a.T @ x_a + MU_A * eye, x_a.T @ y_a)
    ab = np.linalg.solve(x_b.T @ x_b + MU_B * eye, x_b.T @ y_b + MU_B * one)
    two = np.linalg.solve(x_b.T @ x_b + MU_B * eye, x_b.T @ y_b)
    return ab - np.linalg.solve(x_a.T @ x_a + MU_A * eye, x_a.T @ y_a + MU_A * two)


def main():
    print("// Printed by Tests/ReferenceValues/weakly_local.py; do not edit.")
    print("struct WeaklyLocalReference {")
    print("  let name: String, gamma: Double, eigenvalues: [Double], logDistances: [Double], threshold: Double")
    print("  let unstableBeyond: Double")
    print("  static let steps = [0, 1, 7, 50]")
    print("  static let all: [WeaklyLocalReference] = [")
    for name, x_a, y_a, x_b, y_b, x_u, y_u, x_test in instances():
        # The retain rows: what is left of A and B; or, covering, A and B without anything taken out and two rows more.
        kept = np.vstack([x_a[K:] if name == "partOfA" else x_a, x_b])
        for cover in [False, True]:
            x_r = np.vstack([kept, x_u + 0.5, 2 * np.eye(D)]) if cover else kept
            delta = trained(x_a, y_a, x_b, y_b)
            up, down = x_u.T @ x_u / K, x_r.T @ x_r / len(x_r)
            covers = np.linalg.matrix_rank(x_r) == D
            threshold = scipy.linalg.eigh(up, down, eigvals_only=True)[-1] if covers else np.inf
            beyond = 1 / scipy.linalg.eigh(down, up + np.eye(D) / ETA, eigvals_only=True)[-1]
            for gamma in GAMMAS:
                m = 2 * ETA * (up - gamma * down)
                moved, distances = delta, []
                for step in range(51):
                    if step in (0, 1, 7, 50):
                        distances.append(np.log(np.sum((x_test @ moved) ** 2) / len(x_test)))
                    moved = moved + m @ moved
                print(
                    f'    .init(name: "{name}{"Covered" if cover else ""}", gamma: {gamma}, '
                    f"eigenvalues: {literal(np.linalg.eigvalsh(m))}, logDistances: {literal(distances)}, "
                    f"threshold: {'.infinity' if np.isinf(threshold) else literal(threshold)}, "
                    f"unstableBeyond: {literal(beyond)}),")
    print("  ]")
    print("}")


if __name__ == "__main__":
    main()
