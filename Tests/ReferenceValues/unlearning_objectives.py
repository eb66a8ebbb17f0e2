"""Prints UnlearningTests/ReferenceValues.swift: the objectives evaluated with mpmath at 60 digits from exact inputs.

In this folder:

    python3 unlearning_objectives.py > ../UnlearningTests/ReferenceValues.swift
    swift format -i ../UnlearningTests/ReferenceValues.swift
"""

from mpmath import exp, log, log1p, mp, mpf, nstr

mp.dps = 60

# form, beta, gamma, log-likelihood, reference, answer length
ROWS = [
    ("npo", 0.5, 0.0, -12.25, -12.25, 1),
    ("npo", 0.5, 0.0, -12.0, -11.75, 1),
    ("npo", 0.5, 0.0, -80.5, -16.5, 1),
    ("npo", 0.5, 0.0, -3.5, -40.25, 1),
    ("npo", 0.5, 0.0, -3000.0, -20.0, 1),
    ("npo", 0.125, 0.0, -20.0, -20.0 - 2.0**-30, 1),
    ("npo", 2.0**-1022, 0.0, -(2.0**1023), 2.0**1023, 1),
    ("npo", 2.0**-1000, 0.0, 2.0**1000, -(2.0**1000), 1),
    ("npo", 2.0**1023, 0.0, 1024.0, 0.0, 1),
    ("npo", 0.1, 0.0, -25.3, -17.9, 1),
    ("simNPO", 1.0, 0.0, -20.0, 0.0, 1),
    ("simNPO", 1.0, 0.0, -0.0078125, 0.0, 1),
    ("simNPO", 1.0, 0.0, -1.0, 0.0, 1),
    ("simNPO", 1.0, 0.0, -700.0, 0.0, 1),
    ("simNPO", 1.0, 0.0, -1.0e5, 0.0, 1),
    ("simNPO", 4.0, 0.0, -9.5, 0.0, 1),
    ("simNPO", 0.3, 0.0, -31.7, 0.0, 1),
    ("simNPOOriginal", 2.5, 0.0, -20.7, 0.0, 13),
    ("simNPOOriginal", 2.5, 0.3, -20.7, 0.0, 13),
    ("simNPOOriginal", 4.5, 1.125, -310.4, 0.0, 77),
    ("simNPOOriginal", 0.7, -2.4, -55.1, 0.0, 9),
    ("simNPOOriginal", 1.0, 40.0, -3.0, 0.0, 2),
    # gamma / beta exceeds the largest double, z = 5.5 does not
    ("simNPOOriginal", 2.0**-1022, 9.0, -1.75 * 2.0**1023, 0.0, 1),
    ("simNPOOriginal", 2.0**-1021, 9.0, -1.875 * 2.0**1023, 0.0, 1),
]


def objective(beta, gamma, likelihood, reference, length):
    """Value, weight and log weight, written as the papers write them."""
    beta, gamma, likelihood, reference = map(mpf, (beta, gamma, likelihood, reference))
    z = beta * (likelihood - reference) / length + gamma
    # log sigmoid(-z) without cancellation at 60 digits
    value = 2 / beta * (log1p(exp(z)) if z < 0 else z + log1p(exp(-z)))
    log_weight = log(2) - log(length) - (log1p(exp(-z)) if z > 0 else -z + log1p(exp(z)))
    return value, exp(log_weight), log_weight


def literal(number):
    """A Swift literal, with 0 and infinity for what lies outside the normal range."""
    if number >= mpf(2) ** 1024:
        return ".infinity"
    return "0" if 0 < abs(number) < mpf(2) ** -1022 else nstr(number, 25, min_fixed=0, max_fixed=0)


def main():
    print("// Printed by Tests/ReferenceValues/unlearning_objectives.py; do not edit.")
    print("let referenceValues: [ReferenceRow] = [")
    for form, beta, gamma, likelihood, reference, length in ROWS:
        results = ", ".join(map(literal, objective(beta, gamma, likelihood, reference, length)))
        print(f"  .init(.{form}, {beta!r}, {gamma!r}, {likelihood!r}, {reference!r}, {length}, {results}),")
    print("]")


if __name__ == "__main__":
    main()
