"""Prints FineTuningTests/ReferenceValues.swift: schedules by transformers, objectives' losses and gradients by PyTorch.

In this folder, with torch and transformers (written with 2.15.0 and 5.23.0):

    python3 fine_tuning.py > ../FineTuningTests/ReferenceValues.swift
    swift format -i ../FineTuningTests/ReferenceValues.swift
"""

import torch
import torch.nn.functional as F
from transformers import (
    get_constant_schedule_with_warmup,
    get_cosine_schedule_with_warmup,
    get_linear_schedule_with_warmup,
    get_wsd_schedule,
)

# warm-up, decay (of WSD) and all steps
RUNS = [(0, 0, 5), (0, 3, 7), (1, 1, 12), (3, 4, 20), (5, 5, 10), (2, 2, 100), (4, 0, 4)]


def factors(make, warmup, decay, total):
    """The learning rates that an optimizer with learning rate 1 in fact uses."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = make(optimizer, warmup, decay, total)
    rates = []
    for _ in range(total):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return rates


def wsd(decay_type):
    """transformers' WSD, with the warm-up from 0 that it has where min_lr_ratio is 0."""

    def rates(warmup, decay, total):
        def make(ratio):
            return lambda optimizer, warmup, decay, total: get_wsd_schedule(
                optimizer, warmup, decay, num_training_steps=total, decay_type=decay_type, min_lr_ratio=ratio
            )

        whole = factors(make(0.1), warmup, decay, total)
        return factors(make(0.0), warmup, decay, total)[:warmup] + whole[warmup:]

    return rates


SCHEDULES = {
    "constant": lambda *run: factors(lambda o, w, d, t: get_constant_schedule_with_warmup(o, w), *run),
    "linear": lambda *run: factors(lambda o, w, d, t: get_linear_schedule_with_warmup(o, w, t), *run),
    "cosine": lambda *run: factors(lambda o, w, d, t: get_cosine_schedule_with_warmup(o, w, t), *run),
    "wsdCosine": wsd("cosine"),
    "wsd": wsd("linear"),
}

# log-likelihood, reference and answer tokens of the sequences of one step
STEPS = [
    [(-3.25, -2.5, 2), (-17.0, -19.75, 9), (-0.5, -0.25, 1), (-44.5, -40.125, 21)],
    [(-20.0, -20.0, 7)],
    [(-1.5, -8.0, 3), (-310.0, -12.5, 55), (-6.0, -6.0, 4)],
]
OBJECTIVES = [
    ("sft", 0.0, 0.0), ("ga", 0.0, 0.0), ("npo", 0.5, 0.0), ("npo", 0.1, 0.0), ("simnpo", 1.0, 0.0),
    ("simnpo", 0.05, 0.0), ("simnpoOriginal", 2.5, 0.0), ("simnpoOriginal", 4.5, 1.125),
]


def loss(name, beta, gamma, l, reference, length):
    """As the papers write the objectives, averaged as the issue of the project defines it."""
    if name == "sft":
        return -l.sum() / length.sum()
    if name == "ga":
        return l.sum() / length.sum()
    if name == "npo":
        return (-2 / beta * F.logsigmoid(-beta * (l - reference))).mean()
    if name == "simnpo":
        return (-2 / beta * F.logsigmoid(-beta * l)).mean()
    return (-2 / beta * F.logsigmoid(-beta * l / length - gamma)).mean()


def array(values):
    return "[" + ", ".join(repr(float(value)) for value in values) + "]"


def main():
    print("// Printed by Tests/ReferenceValues/fine_tuning.py; do not edit.")
    print("let referenceSchedules: [ReferenceSchedule] = [")
    for name, rates in SCHEDULES.items():
        for warmup, decay, total in RUNS:
            print(f"  .init(.{name}, {warmup}, {decay}, {array(rates(warmup, decay, total))}),")
    print("]\n")
    print("let referenceObjectives: [ReferenceObjective] = [")
    for name, beta, gamma in OBJECTIVES:
        for step in STEPS:
            l, reference, length = (torch.tensor(column, dtype=torch.float64) for column in zip(*step))
            l.requires_grad_(True)
            value = loss(name, beta, gamma, l, reference, length)
            value.backward()
            print(
                f"  .init(.{name}, {beta}, {gamma}, {array(l.detach())}, {array(reference)}, "
                f"{[int(n) for n in length]}, {float(value.detach())!r}, {array(l.grad)}),"
            )
    print("]")


if __name__ == "__main__":
    main()
