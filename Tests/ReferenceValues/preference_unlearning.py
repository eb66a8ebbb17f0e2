"""Prints StagedLearnersTests/PreferenceReference.swift: GA, NPO and SimNPO on a linear learner, from PyTorch.

In this folder:

    python3 preference_unlearning.py > ../StagedLearnersTests/PreferenceReference.swift
    swift format -i ../StagedLearnersTests/PreferenceReference.swift

theta itself is the parameter; the losses are written as in the papers and differentiated by autograd, in double
precision. Nothing is shared with the library's run in the row space.
"""

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
D, K, TAU, ETA, BETA = 5, 3, 0.75, 0.125, 0.5


def table(rows, columns, a, b, c):
    i, j = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    return ((a * i * i + b * j * j + c * i * j + 3 * i + j) % 11 - 5) / 4.0


def log_likelihood(x, y, theta):
    return -((x @ theta - y) ** 2) / (2 * TAU**2)


def losses(reference):
    return {
        "GA": lambda l: l.mean(),
        "NPO": lambda l: (-2 / BETA * F.logsigmoid(-BETA * (l - reference))).mean(),
        "SimNPO": lambda l: (-2 / BETA * F.logsigmoid(-BETA * l)).mean(),
    }


def main():
    x, y, start = table(K, D, 6, 2, 3), table(K, 1, 3, 1, 1)[:, 0], table(D, 1, 2, 5, 1)[:, 0] / 4
    print("// Printed by Tests/ReferenceValues/preference_unlearning.py; do not edit.")
    print("enum PreferenceReference {")
    for name, value in [("features", x), ("labels", y), ("start", start)]:
        print(f"  static let {name}: {'[[Double]]' if value.ndim == 2 else '[Double]'} = {value.tolist()}")
    print(f"  static let (tau, stepSize, beta) = ({TAU}, {ETA}, {BETA})")
    print("  /// Objective, steps, theta_t and the loss there.")
    print("  static let runs: [(objective: String, steps: Int, theta: [Double], loss: Double)] = [")
    reference = log_likelihood(x, y, start)
    for name, loss in losses(reference).items():
        theta = start.clone().requires_grad_()
        for step in range(2001):
            value = loss(log_likelihood(x, y, theta))
            if step in ([1, 5, 20] if name == "GA" else [1, 5, 20, 200, 2000]):
                print(f'    ("{name}", {step}, {theta.tolist()}, {value.item()!r}),')
            (gradient,) = torch.autograd.grad(value, theta)
            theta = (theta - ETA * gradient).detach().requires_grad_()
            if name == "GA" and step == 20:
                break
    print("  ]")
    print("}")


if __name__ == "__main__":
    main()
