"""Prints LinearAlgebraTests/ReferenceValues.swift: values from mpmath at 60 digits, SciPy, NumPy and a generator
written here from its published recursion.

In this folder:

    python3 linear_algebra.py > ../LinearAlgebraTests/ReferenceValues.swift
    swift format -i ../LinearAlgebraTests/ReferenceValues.swift
"""

import numpy
import scipy.linalg
import scipy.stats
from mpmath import betainc, eigsy, exp, expm1, findroot, floor, log, log1p, log10, matrix, mp, mpf, nstr, power, sqrt

mp.dps = 60


def number(value):
    """A Swift literal of 25 digits, infinite or 0 outside the range of normal numbers."""
    value = mpf(value)
    if abs(value) >= mpf(2) ** 1024:
        return ".infinity" if value > 0 else "-.infinity"
    return "0" if abs(value) < mpf(2) ** -1022 else nstr(value, 25, min_fixed=0, max_fixed=0)


def numbers(values):
    return "[" + ", ".join(number(value) for value in values) + "]"


def plain(values):
    """Doubles, each in the shortest form that reads back the same."""
    return "[" + ", ".join(repr(float(value)) for value in values) + "]"


def rows(array):
    return "[" + ", ".join(plain(row) for row in array) + "]"


def sign_and_log(value):
    return (0, "-.infinity") if value == 0 else ((1 if value > 0 else -1), number(log(abs(value))))


def hilbert():
    """Eigenvalues, ascending, of the matrices whose entries are the Doubles nearest to 1 / (i + j + 1)."""
    print("/// Eigenvalues of Hilbert matrices with entries rounded to Double (mpmath).")
    print("let hilbertEigenvalues: [[Double]] = [")
    for order in (3, 6, 10, 40):
        entries = matrix(order, order)
        for i in range(order):
            for j in range(order):
                entries[i, j] = mpf(1.0 / (i + j + 1))
        print(f"  {numbers(sorted(eigsy(entries, eigvals_only=True)))},")
    print("]")


def least_squares():
    """Small problems of integers: full rank tall, wide, and of rank 2."""
    cases = [
        ([[1, 2], [3, 4], [5, 6], [7, 9]], [1, -2, 3, 5]),
        ([[1, 2, 3, 4], [2, -1, 0, 5]], [3, -1]),
        ([[1, 2, 3], [2, 4, 6], [1, 0, -1], [0, 2, 4]], [1, 1, 2, 5]),
        ([[2, 1, 3], [1, 1, 2], [4, 2, 6]], [1, 0, 5]),
    ]
    print("/// Minimum-norm least squares by scipy.linalg.lstsq and singular values by scipy.linalg.svdvals.")
    print("let leastSquaresReferences: [LeastSquaresReference] = [")
    for left, right in cases:
        left = numpy.array(left, dtype=float)
        solution, _, rank, _ = scipy.linalg.lstsq(left, numpy.array(right, dtype=float), cond=1e-13)
        values = scipy.linalg.svdvals(left)
        print(f"  .init({rows(left)}, {plain(right)}, {plain(solution)}, {rank}, {plain(values)}),")
    print("]")


def growths():
    print("/// (1 + rate)^steps - 1 (mpmath).")
    print("let growthReferences: [GrowthReference] = [")
    for rate in (0.0, 1e-300, -1e-300, 1e-20, 1e-9, -1e-9, 0.37, -0.37, 3.5, 1e10, -0.999, -1.0, -1.25, -2.0,
                 -2.0000000000000004, -1.9999999999999998, -2.5, -7.0, -1e5):
        for steps in (0, 1, 2, 7, 10**6, 10**6 + 1):
            result = expm1(steps * log1p(mpf(rate))) if rate > -1 else (1 + mpf(rate)) ** steps - 1
            sign, logarithm = sign_and_log(result)
            print(f"  .init({rate!r}, {steps}, {sign}, {logarithm}),")
    print("]")


def filters():
    """phi as the page of formulas writes it, with its limit at 0."""
    lambdas = (0.0, 1e-300, 1e-20, 1e-12, 1e-5, 0.7, 12.5, 900.0, -1e-17)
    table = [(f".ridge(mu: {mu!r})", lambda l, n, mu=mu: 1 / (l + mu), lambda n, mu=mu: 1 / mpf(mu))
             for mu in (0.75, 1e-3)]
    table += [(
        f".gradientDescent(steps: {t}, stepSize: {a!r})",
        lambda l, n, t=t, a=a: (1 - power(1 - 2 * mpf(a) * l / n, t)) / l,
        lambda n, t=t, a=a: 2 * mpf(a) * t / n) for t, a in ((0, 0.1), (1, 0.1), (25, 0.01), (400, 1e-4), (41, 0.03))]
    table += [(
        f".gradientFlow(time: {time!r})",
        lambda l, n, time=time: (1 - exp(-2 * l * mpf(time) / n)) / l,
        lambda n, time=time: 2 * mpf(time) / n) for time in (0.0, 0.5, 300.0)]
    table += [(
        f".gradientAscent(steps: {t}, stepSize: {a!r})",
        lambda l, n, t=t, a=a: -(power(1 + 2 * mpf(a) * l / n, t) - 1) / l,
        lambda n, t=t, a=a: -2 * mpf(a) * t / n) for t, a in ((0, 0.1), (1, 0.1), (30, 0.02), (10**6, 0.05))]
    table += [(
        f".ascentFlow(time: {time!r})",
        lambda l, n, time=time: -(exp(2 * l * mpf(time) / n) - 1) / l,
        lambda n, time=time: -2 * mpf(time) / n) for time in (0.0, 0.5, 1e6)]
    table += [(
        f".implicitAscent(steps: {t}, stepSize: {a!r})",
        lambda l, n, t=t, a=a: -(power(1 - 2 * mpf(a) * l / n, -t) - 1) / l,
        lambda n, t=t, a=a: -2 * mpf(a) * t / n) for t, a in ((1, 0.1), (30, 0.02))]
    print("/// phi(lambda) for 7 rows: filter, lambda, value, sign, log of the magnitude (mpmath).")
    print("let filterReferences: [FilterReference] = [")
    mp.dps = 400  # the quotients above cancel at tiny lambda
    for name, formula, limit in table:
        for eigenvalue in lambdas:
            phi = limit(7) if eigenvalue == 0 else formula(mpf(eigenvalue), 7)
            sign, logarithm = sign_and_log(phi)
            print(f"  .init({name}, {eigenvalue!r}, {number(phi)}, {sign}, {logarithm}),")
    mp.dps = 60
    print("]")


def decimals():
    print("/// exp(logarithm) as mantissa and power of ten (mpmath).")
    print("let decimalReferences: [DecimalReference] = [")
    for logarithm in (12345.678, -12345.678, 710.0, -745.5, 1e6, -1e6, 123456789.25, 2302.5850929940457,
                      -2302.5850929940457, 921.0340371976183, -720.25):
        exponent = int(floor(log10(exp(mpf(logarithm)))))
        mantissa = exp(mpf(logarithm)) / mpf(10) ** exponent
        print(f"  .init({logarithm!r}, {number(mantissa)}, {exponent}),")
    print("]")


MASK32, MASK64 = 2**32 - 1, 2**64 - 1


def mix(value):
    """SplitMix64 (Steele, Lea, Flood 2014)."""
    z = (value + 0x9E3779B97F4A7C15) & MASK64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK64
    return z ^ (z >> 31)


class Taus88:
    """L'Ecuyer's taus88, Math. Comp. 65 (1996), figure 1, with the state filled as RandomGenerator documents."""

    def __init__(self, key):
        self.key = key
        words = [mix((key + index) & MASK64) >> 32 for index in (1, 2, 3)]
        self.s1, self.s2, self.s3 = (w + least if w < least else w for w, least in zip(words, (2, 8, 16)))

    def child(self, index):
        return Taus88(mix(self.key ^ mix(~index & MASK64)))

    def word(self):
        b = (((self.s1 << 13) & MASK32) ^ self.s1) >> 19
        self.s1 = (((self.s1 & 4294967294) << 12) & MASK32) ^ b
        b = (((self.s2 << 2) & MASK32) ^ self.s2) >> 25
        self.s2 = (((self.s2 & 4294967288) << 4) & MASK32) ^ b
        b = (((self.s3 << 3) & MASK32) ^ self.s3) >> 11
        self.s3 = (((self.s3 & 4294967280) << 17) & MASK32) ^ b
        return self.s1 ^ self.s2 ^ self.s3

    def next(self):
        high = self.word()
        return high << 32 | self.word()


def random_bits():
    print("/// The first words of some streams, by an independent taus88 (Python).")
    print("let streamReferences: [StreamReference] = [")
    for seed in (0, 1, 20251016, 2**64 - 1):
        for path in ((), (0,), (7,), (2**64 - 1, 3)):
            generator = Taus88(mix(seed) if seed < 2**63 else mix(mix(seed)))
            for index in path:
                generator = generator.child(index)
            words = ", ".join(f"0x{generator.next():016X}" for _ in range(4))
            late = generator
            for _ in range(1000):
                last = late.next()
            print(f"  .init({seed}, [{', '.join(map(str, path))}], [{words}], 0x{last:016X}),")
    print("]")


def student():
    """By the regularised incomplete beta function; SciPy must agree."""
    print("/// Student's t: probability, degrees of freedom, quantile (mpmath, agreeing with SciPy).")
    print("let studentReferences: [(probability: Double, degrees: Double, quantile: Double)] = [")
    for degrees in (1.0, 2.0, 2.5, 4.0, 9.0, 29.0, 99.0, 1000.0, 1e5):
        for probability in (1e-6, 0.005, 0.025, 0.3, 0.5, 0.9, 0.975, 0.995, 0.9999):
            p, nu = mpf(probability), mpf(degrees)
            tail = min(p, 1 - p)
            if tail == mpf(1) / 2:
                quantile = mpf(0)
            else:
                start = abs(mpf(float(scipy.stats.t.ppf(float(tail), degrees))))
                mp.dps = 30
                quantile = findroot(
                    lambda t: betainc(nu / 2, mpf(1) / 2, 0, nu / (nu + t * t), regularized=True) / 2 / tail - 1,
                    start, tol=1e-24)
                mp.dps = 60
                assert abs(quantile / start - 1) < 1e-9, (probability, degrees, quantile, start)
                quantile = quantile if p > tail else -quantile
            print(f"  ({probability!r}, {degrees!r}, {number(quantile)}),")
    print("]")


def samples():
    print("/// Samples with numpy.quantile and the mean and 95 % half-width of scipy.stats.")
    print("let sampleReferences: [SampleReference] = [")
    probabilities = [0, 0.05, 0.1, 0.25, 1 / 3, 0.5, 0.75, 0.9, 0.975, 1]
    for sample in ([3.5], [2.0, -1.0], [5, 1, 4, 2, 3], [0.1, 1e6, -3.25, 7, 7, 7, 2.5, -1e-3, 12, 64, 0],
                   [1e300, -1e300, 3e300, 2e299], [1e-300, 4e-300, 2e-300], [1e8, 1e8 + 1, 1e8 + 2, 1e8 + 4]):
        sample = numpy.array(sample, dtype=float)
        scale = numpy.abs(sample).max()  # so that SciPy squares nothing too large
        half = 0.0
        if len(sample) > 1:
            half = scipy.stats.t.ppf(0.975, len(sample) - 1) * scipy.stats.sem(sample / scale) * scale
        print(f"  .init({plain(sample)}, {plain(probabilities)}, {plain(numpy.quantile(sample, probabilities))}, "
              f"{float(numpy.mean(sample))!r}, {half if half else '.nan'}),")
    print("]")


def main():
    print("// Printed by Tests/ReferenceValues/linear_algebra.py; do not edit.")
    for table in (hilbert, least_squares, growths, filters, decimals, random_bits, student, samples):
        print()
        table()


if __name__ == "__main__":
    main()
