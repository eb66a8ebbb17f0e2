"""Prints CertificationTests/CertificationReference.swift: Theorem 3.1, B2 and B3 to 60 digits, from mpmath.

In this folder, with mpmath (written with 1.3.0):

    python3 certification.py > ../CertificationTests/CertificationReference.swift
    swift format -i ../CertificationTests/CertificationReference.swift

Everything is computed as the statements are written, with d x d matrices, ascent step by step and eigenvalues by
mpmath's own solver at 100 digits. Nothing is shared with the library's dual forms.
"""

from mpmath import mp, mpf, matrix, eigsy, eye, ceil, log, nstr, lu_solve

mp.dps = 100
D, N_A, N_B, K, M = 6, 3, 4, 2, 5
MU, ETA, STEPS = {"A": mpf("0.75"), "B": mpf("1.5"), "U": mpf("0.5")}, mpf("0.0625"), (0, 1, 7, 40)


def table(rows, columns, a, b, c):
    """Quarters between -1.25 and 1.25: exact in binary."""
    return [[((a * i * i + b * j * j + c * i * j + 3 * i + j) % 11 - 5) / 4 for j in range(columns)]
            for i in range(rows)]


def instances():
    labels = lambda rows, a, b, c: [row[0] for row in table(rows, 1, a, b, c)]
    data = {
        "A": (table(N_A, D, 2, 3, 5), labels(N_A, 1, 4, 2)), "B": (table(N_B, D, 4, 1, 7), labels(N_B, 5, 2, 3)),
        "U": (table(K, D, 6, 2, 3), labels(K, 3, 1, 1))}
    part = dict(data, U=tuple(block[:K] for block in data["A"]))
    whole = dict(data, U=data["B"])
    yield "independent", data, 0
    for position in (1, 2, 3):
        yield f"stage{position}", data, position
    yield "partOfA", part, 0
    yield "allOfB", whole, 0


def train(path, data):
    theta = matrix(D, 1)
    for name in path:
        rows, labels = data[name]
        if not rows:
            continue
        x, y = matrix(rows), matrix(labels)
        theta = lu_solve(x.T * x + MU[name] * eye(D), x.T * y + MU[name] * theta)
    return theta


def squared(vector):
    return (vector.T * vector)[0]


def findings(name, data, position):
    test = matrix(table(6 if name == "allOfB" else M, D, 1, 5, 4))
    m = test.rows
    paths = [["A", "B"], ["B", "A"]]
    retained = dict(data)
    if position:
        for path in paths:
            path.insert(position - 1, "U")
        retained["U"] = ([], [])
    elif name == "partOfA":
        retained["A"] = tuple(block[K:] for block in data["A"])
    elif name == "allOfB":
        retained["B"] = ([], [])
    x_u, y_u = matrix(data["U"][0]), matrix(data["U"][1])
    k = x_u.rows
    models = [train(path, data) for path in paths]
    delta = models[0] - models[1]
    m_u = 2 * ETA / k * x_u.T * x_u
    p_u = x_u.T * (x_u * x_u.T) ** -1 * x_u
    inside = p_u * delta
    rho = (inside.T * m_u * inside)[0] / squared(inside)
    seen = test * p_u
    sigma_squared = sorted(eigsy(seen.T * seen, eigvals_only=True), reverse=True)[k - 1]
    test_squared = max(eigsy(test * test.T, eigvals_only=True))
    c0_squared = test_squared * squared(delta - inside)
    t0 = ceil(log(4 * c0_squared / (sigma_squared * squared(inside))) / (2 * log(1 + rho)))
    values = [squared(delta), squared(inside), rho, sigma_squared, test_squared, c0_squared]
    distances, moved = [], delta
    for step in range(max(STEPS) + 1):
        if step in STEPS:
            distances.append(squared(test * moved) / m)
        moved = moved + m_u * moved
    floors, towards = [], []
    if name != "independent":
        basis = test * x_u.T
        for path, model in zip(paths, models):
            theta_r = train(path, retained)
            e = test * (model - theta_r)
            nearest = basis * lu_solve(basis.T * basis, basis.T * e)
            floors.append(squared(e - nearest) / m)
            theta = model
            for step in range(max(STEPS) + 1):
                if step in STEPS:
                    towards.append(squared(test * (theta - theta_r)) / m)
                theta = theta + 2 * ETA / k * x_u.T * (x_u * theta - y_u)
    return data, position, test, t0, values, distances, floors, towards


def literal(values):
    return "[" + ", ".join(f'"{nstr(value, 60)}"' for value in values) + "]"


def main():
    print("// Printed by Tests/ReferenceValues/certification.py; do not edit.")
    print("let certificationReferences: [CertificationReference] = [")
    for name, data, position in instances():
        data, position, test, t0, values, distances, floors, towards = findings(name, data, position)
        rows = ", ".join(f"{key.lower()}: ({data[key][0]}, {data[key][1]})" for key in "ABU")
        print(f'.init(name: "{name}", {rows},')
        print(f"position: {position}, test: {[[float(v) for v in row] for row in test.tolist()]},")
        print(f"t0: {int(t0)}, constants: {literal(values)}, distances: {literal(distances)},")
        print(f"floors: {literal(floors)}, towardsRetrained: {literal(towards)}),")
    print("]")


if __name__ == "__main__":
    main()
