#!/usr/bin/env python3
"""The jobs of Benchmarks in NumPy and SciPy: numpy_theory.py JOB THREADS REPETITIONS prints one line of JSON.

The fastest plain array code that we know: all trials of a chunk as stacked arrays, chunks that stay in the cache; the
dual form of every stage; the closed form of the ascent from the small Gram matrix of the forget set.  (That squares
its condition, which Palimpsest does not; here speed is what counts.)
"""

import json
import os
import sys
import time

JOB, THREADS, REPETITIONS = sys.argv[1], sys.argv[2], int(sys.argv[3])
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = THREADS  # read when the library loads, so before the import

import numpy as np
import scipy.linalg as la

TRIALS, CHUNK = 2000, 50
ETA, MU = 0.01, 1.0


def claim(rho, sigma, c0, norm, log_distance, tests, steps):
    """t_0 and the margins over the bound of Theorem 3.1, NaN where nothing is claimed."""
    growth = np.log1p(rho)
    t0 = np.ceil(np.log(2 * c0 / (sigma * norm)) / growth)
    bound = (2 * np.log(sigma * norm) - np.log(4 * tests))[..., None] + 2 * np.multiply.outer(growth, steps)
    return t0, np.where(steps >= t0[..., None], log_distance - bound, np.nan)


def trials(count, rng, d=60, n=15, k=6, m=10, last=50):
    """Independent trials side by side in the leading axis."""
    truth = rng.standard_normal((count, d, 1)) / np.sqrt(d)
    width = np.sqrt(3)
    a, u, test = (rng.standard_normal((count, rows, d)) for rows in (n, k, m))
    b = rng.uniform(0.25 - width, 0.25 + width, (count, n, d))
    stages = []
    for x in (a, b):
        xt = x.transpose(0, 2, 1)
        y = x @ truth + 0.5 * rng.standard_normal((count, n, 1))
        system = x @ xt
        system[:, range(n), range(n)] += MU
        stages.append((x, xt, y, system))
    rng.standard_normal((count, k))  # the forget labels, which cancel

    def learn(theta, stage):
        x, xt, y, system = stage
        if theta is None:
            return xt @ np.linalg.solve(system, y)
        return theta + xt @ np.linalg.solve(system, y - x @ theta)

    first, second = stages
    delta = learn(learn(None, first), second) - learn(learn(None, second), first)
    ut = u.transpose(0, 2, 1)
    values, vectors = np.linalg.eigh(u @ ut)
    basis = ut @ (vectors / np.sqrt(values)[:, None, :])
    rates = 2 * ETA / k * values
    alpha = basis.transpose(0, 2, 1) @ delta
    rest = delta - basis @ alpha
    squares = alpha[..., 0] ** 2
    norm = np.sqrt(squares.sum(1))
    rho = (rates * squares).sum(1) / norm**2
    seen = test @ basis
    sigma = np.linalg.svd(seen, compute_uv=False)[:, -1]
    operator = np.sqrt(np.linalg.eigvalsh(test @ test.transpose(0, 2, 1))[:, -1])
    c0 = operator * np.sqrt((rest[..., 0] ** 2).sum(1))
    steps = np.arange(last + 1)
    weights = np.exp(steps[:, None] * np.log1p(rates)[:, None, :]) * alpha.transpose(0, 2, 1)
    error = weights @ seen.transpose(0, 2, 1) + (test @ rest).transpose(0, 2, 1)
    log_distance = np.log(np.einsum("nti,nti->nt", error, error) / m)
    return claim(rho, sigma, c0, norm, log_distance, m, steps)


def monte_carlo():
    rng = np.random.default_rng(1)
    for _ in range(TRIALS // CHUNK):
        trials(CHUNK, rng)


def pipeline(d, last=200):
    """One instance, from the draw to the margins."""
    n = m = d // 4
    k = d // 10
    rng = np.random.default_rng(1)
    truth = rng.standard_normal(d) / np.sqrt(d)
    width = np.sqrt(3)
    a, u, test = (rng.standard_normal((rows, d)) for rows in (n, k, m))
    b = rng.uniform(0.25 - width, 0.25 + width, (n, d))
    stages = []
    for x in (a, b):
        y = x @ truth + 0.5 * rng.standard_normal(n)
        system = x @ x.T
        system.flat[:: n + 1] += MU
        stages.append((x, y, la.cho_factor(system, lower=True, overwrite_a=True, check_finite=False)))
    rng.standard_normal(k)

    def learn(theta, stage):
        x, y, factor = stage
        return theta + la.cho_solve(factor, y - x @ theta, check_finite=False) @ x

    zero = np.zeros(d)
    first, second = stages
    delta = learn(learn(zero, first), second) - learn(learn(zero, second), first)
    values, vectors = la.eigh(u @ u.T, overwrite_a=True, check_finite=False)
    basis = u.T @ (vectors / np.sqrt(values))
    rates = 2 * ETA / k * values
    alpha = delta @ basis
    rest = delta - basis @ alpha
    norm = np.linalg.norm(alpha)
    rho = (rates * alpha**2).sum() / norm**2
    seen = test @ basis
    sigma = la.svdvals(seen, check_finite=False)[-1]
    operator = np.sqrt(la.eigvalsh(test @ test.T, overwrite_a=True, check_finite=False)[-1])
    steps = np.arange(last + 1)
    weights = np.exp(steps[:, None] * np.log1p(rates)) * alpha
    error = weights @ seen.T + test @ rest
    log_distance = np.log(np.einsum("ti,ti->t", error, error) / m)
    return claim(np.asarray(rho), sigma, operator * np.linalg.norm(rest), norm, log_distance, m, steps)


BODIES = {"monte-carlo": monte_carlo, "pipeline-1000": lambda: pipeline(1000), "pipeline-2000": lambda: pipeline(2000)}
body = BODIES[JOB]
body()
seconds = []
for _ in range(REPETITIONS):
    start = time.perf_counter()
    body()
    seconds.append(time.perf_counter() - start)
blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
print(
    json.dumps(
        {
            "job": JOB,
            "threads": int(THREADS),
            "seconds": seconds,
            "numpy": np.__version__,
            "blas": f"{blas['name']} {blas['version']}",
        }
    )
)
