"""Prints TheoremsTests/Theorem31Reference.swift: the constants of Theorem 3.1 on two small instances, from NumPy.

In this folder:

    python3 theorem31.py > ../TheoremsTests/Theorem31Reference.swift
    swift format -i ../TheoremsTests/Theorem31Reference.swift

Everything is computed as the paper writes it, with d x d matrices: inverses of X'X + mu I, the projection
X_U' (X_U X_U')^-1 X_U, M_U and its powers by repeated products. Nothing is shared with the library's dual forms.
"""

import numpy as np

D, N_A, N_B, K, M = 6, 3, 4, 2, 5
MU_A, MU_B, ETA = 0.75, 1.5, 0.0625


def table(rows, columns, a, b, c):
    """Quarters between -1.25 and 1.25: exact in binary, without pattern enough to lose rank."""
    i, j = np.indices((rows, columns))
    return ((a * i * i + b * j * j + c * i * j + 3 * i + j) % 11 - 5) / 4.0


def instances():
    x_a, y_a = table(N_A, D, 2, 3, 5), table(N_A, 1, 1, 4, 2)[:, 0]
    x_b, y_b = table(N_B, D, 4, 1, 7), table(N_B, 1, 5, 2, 3)[:, 0]
    x_u, y_u = table(K, D, 6, 2, 3), table(K, 1, 3, 1, 1)[:, 0]
    x_test = table(M, D, 1, 5, 4)
    yield "independent", x_a, y_a, x_b, y_b, x_u, y_u, x_test
    yield "partOfA", x_a, y_a, x_b, y_b, x_a[:K], y_a[:K], x_test


def constants(x_a, y_a, x_b, y_b, x_u, y_u, x_test):
    eye = np.eye(D)
    a = np.linalg.inv(x_a.T @ x_a + MU_A * eye)
    b = np.linalg.inv(x_b.T @ x_b + MU_B * eye)
    ab = b @ (x_b.T @ y_b + MU_B * (a @ (x_a.T @ y_a)))
    ba = a @ (x_a.T @ y_a + MU_A * (b @ (x_b.T @ y_b)))
    delta = ab - ba
    lemma_c1 = (eye - MU_A * a) @ b @ x_b.T @ y_b + (MU_B * b - eye) @ a @ x_a.T @ y_a
    assert np.linalg.norm(delta - lemma_c1) < 1e-14
    m_u = 2 * ETA / K * x_u.T @ x_u
    p_u = x_u.T @ np.linalg.inv(x_u @ x_u.T) @ x_u
    projected = p_u @ delta
    rho = projected @ m_u @ projected / (projected @ projected)
    sigma = np.linalg.svd(x_test @ p_u, compute_uv=False)[K - 1]
    c0 = np.linalg.norm(x_test, 2) * np.linalg.norm(delta - projected)
    t0 = np.ceil(np.log(2 * c0 / (sigma * np.linalg.norm(projected))) / np.log(1 + rho))
    distances, moved = [], delta
    for _ in range(61):
        distances.append(np.sum((x_test @ moved) ** 2) / M)
        moved = moved + m_u @ moved
    # Two models that really unlearn, after 10 steps.
    models = []
    for theta in (ab, ba):
        for _ in range(10):
            theta = theta + 2 * ETA / K * x_u.T @ (x_u @ theta - y_u)
        models.append(theta)
    retrained = np.linalg.solve(
        x_a[K:].T @ x_a[K:] + MU_A * eye, x_a[K:].T @ y_a[K:]) if np.array_equal(x_u, x_a[:K]) else None
    if retrained is not None:
        retrained = np.linalg.solve(x_b.T @ x_b + MU_B * eye, x_b.T @ y_b + MU_B * retrained)
    return dict(
        thetaAB=ab, thetaBA=ba, difference=np.linalg.norm(delta), projected=np.linalg.norm(projected), rhoStar=rho,
        sigmaU=sigma, c0=c0, t0=t0, lambdaMax=np.linalg.eigvalsh(m_u)[-1],
        distances=np.array(distances)[[0, 1, 2, 10, 60]], unlearnedAB=models[0], unlearnedBA=models[1],
        retrainedDistance=(
            np.sum((x_test @ (models[0] - retrained)) ** 2) / M if retrained is not None else np.nan))


def literal(value):
    if np.ndim(value) == 2:
        return "[" + ", ".join(literal(row) for row in value) + "]"
    if np.ndim(value) == 1:
        return "[" + ", ".join(repr(float(entry)) for entry in value) + "]"
    return ".nan" if np.isnan(value) else repr(float(value))


def main():
    print("// Printed by Tests/ReferenceValues/theorem31.py; do not edit.")
    print("let theorem31References: [Theorem31Reference] = [")
    for name, *data in instances():
        fields = dict(zip(("xA", "yA", "xB", "yB", "xU", "yU", "xTest"), data))
        fields.update(muA=MU_A, muB=MU_B, eta=ETA, **constants(*data))
        arguments = ", ".join(f"{key}: {literal(value)}" for key, value in fields.items())
        print(f'  .init(name: "{name}", {arguments}),')
    print("]")


if __name__ == "__main__":
    main()
