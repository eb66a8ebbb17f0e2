"""What `palimpsest theorem` should find on an instance, computed plainly by NumPy in the d x d primal.

    python3 theorem_command.py INSTANCE.safetensors EPSILON STEP... > reference.json

Models by normal equations, the ascent by its recursion step by step (no closed form, no log domain), the projection by
a pseudo-inverse: nothing is shared with the command but the formulas. Steps must stay in the range of a double.

With --exact, mpmath computes all of it at 50 digits: this is where the literals of CommandLineTests come from.
"""

import json
import sys

import numpy as np
import safetensors
import safetensors.numpy


def load(path):
    tensors = safetensors.numpy.load_file(path)
    with safetensors.safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
    return tensors, metadata


class Plain:
    matrix = staticmethod(lambda values: np.asarray(values, dtype=np.float64))
    scalar = float
    solve = staticmethod(np.linalg.solve)
    eye = staticmethod(np.eye)
    log = staticmethod(np.log)

    @staticmethod
    def singular_values(a):
        return list(np.linalg.svd(a, compute_uv=False))

    @staticmethod
    def norm(v):
        return float(np.linalg.norm(v))


class Exact:
    """The same by mpmath."""

    def __init__(self):
        import mpmath

        mpmath.mp.dps = 50
        self.mp, self.scalar, self.eye, self.log = mpmath.mp, mpmath.mpf, mpmath.eye, mpmath.log
        self.norm = mpmath.norm

    def matrix(self, values):
        return self.mp.matrix(np.asarray(values).tolist())

    def solve(self, a, b):
        return self.mp.inverse(a) * b

    def singular_values(self, a):
        return sorted(self.mp.svd_r(a, compute_uv=False), reverse=True)


def times(a, b):
    return a @ b if isinstance(a, np.ndarray) else a * b


def without(x, y, forget_x, forget_y):
    """The rows that are not in the forget set, which is taken as a multiset and shortened by those found."""
    keep = []
    for row, label in zip(x, y):
        at = next((i for i, (f, l) in enumerate(zip(forget_x, forget_y)) if l == label and (f == row).all()), None)
        if at is None:
            keep.append((row, label))
        else:
            del forget_x[at], forget_y[at]
    return np.array([row for row, _ in keep]), np.array([label for _, label in keep])


def reference(path, epsilon, steps, kind):
    data, metadata = load(path)
    x = {name: kind.matrix(data[f"X_{name}"]) for name in ("A", "B", "U", "test")}
    mu = {name: kind.scalar(float(metadata[f"mu_{name}"])) for name in ("A", "B", "U") if f"mu_{name}" in metadata}
    eta = kind.scalar(float(metadata["eta"]))
    (k, d), m = data["X_U"].shape, data["X_test"].shape[0]

    def train(path, sets):
        theta = kind.matrix(np.zeros(d))
        for name in path:
            features, labels = sets[name]
            if not len(labels):
                continue
            features, labels = kind.matrix(features), kind.matrix(labels)
            gram = times(features.T, features) + mu[name] * kind.eye(d)
            theta = kind.solve(gram, times(features.T, labels) + mu[name] * theta)
        return theta

    def norm(v):
        return kind.norm(v)

    def distance(one, other):
        return norm(times(x["test"], one - other)) ** 2 / m

    full = {name: (data[f"X_{name}"], data[f"y_{name}"]) for name in ("A", "B", "U")}
    paths = {"ab": ["A", "B"], "ba": ["B", "A"]}
    retained = None
    if "U" in mu:
        for path in paths.values():
            path.insert(int(metadata.get("position_U", "1")) - 1, "U")
        retained = {**full, "U": (np.zeros((0, d)), np.zeros(0))}
    else:
        rest = list(data["X_U"]), list(data["y_U"])
        retained = {name: without(*full[name], *rest) for name in ("A", "B")}
        if rest[1]:
            retained = None
    models = {name: train(path, full) for name, path in paths.items()}
    targets = {name: train(path, retained) for name, path in paths.items()} if retained else {}

    difference = models["ab"] - models["ba"]
    span = times(x["U"].T, kind.solve(times(x["U"], x["U"].T), x["U"]))
    projected = times(span, difference)
    ascent = (2 * eta / k) * times(x["U"].T, x["U"])
    values = kind.singular_values(times(x["test"], span))
    rho = kind.scalar(times(projected.T, times(ascent, projected)) if kind is PLAIN else
                      times(projected.T, times(ascent, projected))[0]) / norm(projected) ** 2
    sigma = kind.scalar(values[k - 1])
    c0 = kind.singular_values(x["test"])[0] * norm(difference - projected)
    t0 = kind.log(2 * c0 / (sigma * norm(projected))) / kind.log(1 + rho)
    needed = (kind.log(16 * m * epsilon) - 2 * kind.log(sigma * norm(projected))) / (2 * kind.log(1 + rho))
    t0_whole = int(np.ceil(float(t0)))
    result = {
        "rho_star": rho,
        "sigma_u": sigma,
        "projected_difference_norm": norm(projected),
        "difference_norm": norm(difference),
        "c0": c0,
        "t0": t0_whole,
        "t_star": max(needed, t0_whole),
        "lambda_max": kind.singular_values(ascent)[0],
        "trajectory": [],
    }
    labels = kind.matrix(data["y_U"])
    for step in range(max(steps) + 1):
        if step in steps:
            row = {
                "step": step,
                "log10_re_distance": kind.log(distance(models["ab"], models["ba"])) / kind.log(10),
                "log10_lower_bound": (2 * kind.log(sigma * norm(projected)) - kind.log(4 * m)
                                      + 2 * step * kind.log(1 + rho)) / kind.log(10),
            }
            for name, target in targets.items():
                row[f"re_distance_to_retrained_{name}"] = distance(models[name], target)
            result["trajectory"].append(row)
        models = {name: theta + (2 * eta / k) * times(x["U"].T, times(x["U"], theta) - labels)
                  for name, theta in models.items()}
    return result


PLAIN = Plain()

if __name__ == "__main__":
    arguments = [one for one in sys.argv[1:] if one != "--exact"]
    kind = Exact() if "--exact" in sys.argv else PLAIN
    found = reference(arguments[0], float(arguments[1]), [int(one) for one in arguments[2:]], kind)
    json.dump(found, sys.stdout, indent=1, default=float)
