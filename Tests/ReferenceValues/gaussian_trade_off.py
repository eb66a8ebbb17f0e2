"""Prints LinearAlgebraTests/GaussianTradeOffReference.swift: log delta(epsilon, a) from mpmath at 60 digits.

In this folder:

    python3 gaussian_trade_off.py > ../LinearAlgebraTests/GaussianTradeOffReference.swift
    swift format -i ../LinearAlgebraTests/GaussianTradeOffReference.swift

delta is computed as it is written, Phi(a/2 - epsilon/a) - e^epsilon Phi(-a/2 - epsilon/a), and as many digits are
carried as that difference loses.
"""

import mpmath

EPSILONS = [0.0, 1e-12, 1e-3, 0.1, 1.0, 4.0, 30.0, 800.0]
DISTANCES = [1e-8, 1e-3, 0.05, 0.5, 1.0, 2.0, 3.7, 8.0, 40.0, 75.0]


def log_delta(epsilon, a):
    with mpmath.workdps(200):
        epsilon, a = mpmath.mpf(epsilon), mpmath.mpf(a)
        x, y = epsilon / a - a / 2, epsilon / a + a / 2
        tail = lambda z: mpmath.erfc(z / mpmath.sqrt(2)) / 2
        if x > 0:
            return mpmath.log(tail(x) - mpmath.exp(epsilon) * tail(y))
        return mpmath.log1p(-(tail(-x) + mpmath.exp(epsilon) * tail(y)))


def main():
    print("// Printed by Tests/ReferenceValues/gaussian_trade_off.py; do not edit.")
    print("let gaussianTradeOffReferences: [(epsilon: Double, distance: Double, logDelta: Double)] = [")
    for epsilon in EPSILONS:
        for a in DISTANCES:
            value = log_delta(epsilon, a)
            if mpmath.isfinite(value) and value < 0 and abs(float(value)) > 1e-300 and float(value) > -1e300:
                print(f"  ({epsilon!r}, {a!r}, {float(value)!r}),")
    print("]")


if __name__ == "__main__":
    main()
