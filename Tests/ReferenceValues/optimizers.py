"""Writes TransformerTests/References/optimizers.safetensors: ten steps of PyTorch's SGD and AdamW.

In this folder, with torch (written with 2.15.0):

    python3 optimizers.py

Everything is computed in float64 from the float32 tensors `start` [22] and `gradients` [10, 22], which are those of two
tensors, one after the other; `rates` [10] are the learning rates. For each case there are `CASE.parameters` [10, 22]
after each step and, of AdamW, `CASE.first_moment` and `CASE.second_moment`. The metadata hold each case's constants and
the shapes of the tensors.
"""

import os

import torch
from safetensors.torch import save_file

HERE = os.path.dirname(os.path.abspath(__file__))
PATH = os.path.join(HERE, "..", "TransformerTests", "References", "optimizers.safetensors")

SHAPES = [(3, 5), (7,)]
# Some gradients are over the limit and some under it.
SIZES = [1.0, 0.2, 0.5, 1.5, 0.1, 1.0, 0.3, 2.0, 0.4, 1.0]
RATES = [0.1, 0.2, 0.05, 0.15, 0.1, 0.08, 0.06, 0.04, 0.02, 0.01]
CASES = {
    "sgd": dict(weight_decay=0.0),
    "sgd_decay": dict(weight_decay=0.3),
    "sgd_clip": dict(weight_decay=0.0, limit=2.0),
    "sgd_decay_clip": dict(weight_decay=0.3, limit=2.0),
    "adamw": dict(weight_decay=0.01, beta1=0.9, beta2=0.999, epsilon=1e-8),
    "adamw_constants": dict(weight_decay=0.4, beta1=0.7, beta2=0.95, epsilon=1e-2),
    "adamw_clip": dict(weight_decay=0.4, beta1=0.7, beta2=0.95, epsilon=1e-2, limit=2.0),
}


def split(values):
    return [p.reshape(s) for p, s in zip(values.split([torch.Size(s).numel() for s in SHAPES]), SHAPES)]


def join(tensors):
    return torch.cat([t.detach().flatten() for t in tensors])


def run(name, constants, start, gradients):
    parameters = [torch.nn.Parameter(p.clone()) for p in split(start.double())]
    decay = constants["weight_decay"]
    if name.startswith("sgd"):
        optimizer = torch.optim.SGD(parameters, lr=1.0, weight_decay=decay)
    else:
        betas = (constants["beta1"], constants["beta2"])
        optimizer = torch.optim.AdamW(parameters, lr=1.0, betas=betas, eps=constants["epsilon"], weight_decay=decay)
    rows = {"parameters": []}
    for rate, gradient in zip(RATES, gradients.double()):
        for p, g in zip(parameters, split(gradient)):
            p.grad = g.clone()
        if "limit" in constants:
            torch.nn.utils.clip_grad_norm_(parameters, constants["limit"])
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
        rows["parameters"].append(join(parameters))
        if name.startswith("adamw"):
            for ours, theirs in (("first_moment", "exp_avg"), ("second_moment", "exp_avg_sq")):
                rows.setdefault(ours, []).append(join(optimizer.state[p][theirs] for p in parameters))
    return {f"{name}.{key}": torch.stack(values) for key, values in rows.items()}


def main():
    torch.manual_seed(1)
    count = sum(torch.Size(s).numel() for s in SHAPES)
    start = torch.randn(count)
    gradients = torch.randn(len(SIZES), count) * torch.tensor(SIZES)[:, None]
    out = {"start": start, "gradients": gradients, "rates": torch.tensor(RATES, dtype=torch.float64)}
    metadata = {"shapes": " ".join("x".join(map(str, s)) for s in SHAPES)}
    for name, constants in CASES.items():
        out |= run(name, constants, start, gradients)
        metadata |= {f"{name}.{key}": str(value) for key, value in constants.items()}
    save_file(out, PATH, metadata)
    print(os.path.getsize(PATH), "bytes, norms", [round(float(g.norm()), 2) for g in gradients])


if __name__ == "__main__":
    main()
