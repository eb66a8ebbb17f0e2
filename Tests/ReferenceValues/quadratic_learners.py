"""Prints QuadraticLearnersTests/QuadraticReference.swift: quadratic stages, Theorem 3.1 for an indefinite Hessian and
diagonal networks on small instances, from NumPy and SciPy.

In this folder:

    python3 quadratic_learners.py > ../QuadraticLearnersTests/QuadraticReference.swift
    swift format -i ../QuadraticLearnersTests/QuadraticReference.swift

Nothing is shared with the library's spectral forms: stages are linear solves, matrix powers by repeated products and
SciPy's expm; the network's flow is SciPy's DOP853 at tolerances of 1e-13 on u and v.
"""

import numpy as np
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from theorem31 import literal, table

D, M, ETA, STEPS = 4, 5, 0.125, 6


def symmetric(a, b, c):
    t = table(D, D, a, b, c)
    return t + t.T


def stages():
    eye, start = np.eye(D), table(D, 3, 1, 2, 3)[:, 2]
    hessian, centre = symmetric(2, 3, 5) + np.diag([4, 0, 2, 1]), table(D, 3, 5, 1, 2)[:, 1]
    for name, swift, g in (
        ("proximal", ".proximal(mu: 8)", np.linalg.inv(eye + hessian / 8)),
        ("descent", ".gradientDescent(steps: 6, stepSize: 0.0625)", np.linalg.matrix_power(eye - hessian / 16, 6)),
        ("flow", ".gradientFlow(time: 0.75)", expm(-0.75 * hessian)),
        ("ascent", ".gradientAscent(steps: 7, stepSize: 0.125)", np.linalg.matrix_power(eye + hessian / 8, 7)),
        ("ascentFlow", ".ascentFlow(time: 0.5)", expm(0.5 * hessian)),
        ("implicitAscent", ".implicitAscent(steps: 3, stepSize: 0.0625)",
         np.linalg.matrix_power(np.linalg.inv(eye - hessian / 16), 3)),
    ):
        yield dict(name=f'"{name}"', trainer=swift, hessian=literal(hessian), centre=literal(centre),
                   start=literal(start), trained=literal(centre + g @ (start - centre)))


def theorem():
    """A Hessian with expanding, shrinking and overshooting directions."""
    hessian = symmetric(6, 2, 3) - 7 * np.outer([1, -1, 1, -1], [1, -1, 1, -1])
    delta, test = table(D, 1, 3, 1, 4)[:, 0], table(M, D, 1, 5, 4)
    values, vectors = np.linalg.eigh(hessian)
    on = vectors[:, np.abs(1 + ETA * values) > 1]
    projection = on @ on.T
    part = projection @ delta
    growth = vectors @ np.diag(np.abs(1 + ETA * values)) @ vectors.T
    rho = part @ growth @ part / (part @ part) - 1
    sigma = np.linalg.svd(test @ on, compute_uv=False)[-1]
    c0 = np.linalg.norm(test, 2) * np.linalg.norm(delta - part)
    t0 = np.ceil(np.log(2 * c0 / (sigma * np.linalg.norm(part))) / np.log(1 + rho))
    distances, moved = [], delta
    for _ in range(41):
        distances.append(np.sum((test @ moved) ** 2) / M)
        moved = moved + ETA * hessian @ moved
    return dict(hessian=literal(hessian), difference=literal(delta), test=literal(test), eta=ETA,
                expanding=on.shape[1], rhoStar=rho, sigma=sigma, c0=c0, t0=t0,
                distances=literal(np.array(distances)[[0, 1, 2, 10, 40]]))


def network():
    x, y, alpha, n = table(3, D, 2, 3, 5), table(3, 1, 1, 4, 2)[:, 0], 0.75, 3
    scale = 1 / (8 * alpha**2)

    def gradient(theta):
        return 2 / n * x.T @ (x @ theta - y)

    u = v = np.full(D, alpha)
    for _ in range(9):
        g = gradient(u * u - v * v)
        u, v = u - 0.05 * scale * 2 * g * u, v + 0.05 * scale * 2 * g * v
    descent = u * u - v * v

    def flow(_, state):
        u, v = state[:D], state[D:]
        g = gradient(u * u - v * v)
        return np.concatenate([-2 * scale * u * g, 2 * scale * v * g])

    end = solve_ivp(flow, (0, 0.5), np.full(2 * D, alpha), method="DOP853", rtol=1e-13, atol=1e-13).y[:, -1]
    return dict(rows=literal(x), labels=literal(y), alpha=alpha, descent=literal(descent),
                flow=literal(end[:D] ** 2 - end[D:] ** 2))


def record(fields):
    return ", ".join(f"{key}: {value}" for key, value in fields.items())


def main():
    print("// Printed by Tests/ReferenceValues/quadratic_learners.py; do not edit.\n")
    print("import QuadraticLearners\n")
    print("let stageReferences: [StageReference] = [")
    for fields in stages():
        print(f"  .init({record(fields)}),")
    print("]\n")
    print(f"let theoremReference = TheoremReference({record(theorem())})\n")
    print(f"let networkReference = NetworkReference({record(network())})")


if __name__ == "__main__":
    main()
