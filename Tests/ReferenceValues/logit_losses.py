"""Writes TransformerTests/References/*.logits.safetensors: what PyTorch makes of a loss of the logits of some rows.

In this folder, after transformer.py:

    python3 logit_losses.py

The models, their weights and the batch are those that transformer.py wrote. The loss is
`sum_r (1/2) ||Z_r - T_r||^2 + (1/3) sum_j c_j Z_rj^3` over the rows `rows`, computed in float64; each file holds those
rows, `targets` T, `cubic` c, the final hidden states of all rows and `gradient.NAME` of each trained parameter.
"""

import os

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from transformer import CASES, OUT, build


def load(name, model, lora):
    """The weights of the other file, which base models and adapters name differently."""
    with safe_open(os.path.join(OUT, name + ".safetensors"), "pt") as file:
        with torch.no_grad():
            for full, p in model.named_parameters():
                short = full.replace(".default", "")
                plain = short.removeprefix("base_model.model.").replace(".base_layer", "")
                p.copy_(file.get_tensor(short if ".lora_" in short else plain))
        return [file.get_tensor(n) for n in ("tokens", "lengths", "logits")]


def main():
    for index, (name, case) in enumerate(CASES.items()):
        torch.manual_seed(500 + index)
        config, model, _, lora = build(case)
        tokens, lengths, logits = load(name, model, lora)
        model = model.double().train()
        found, hidden = [], []
        body = model.base_model.model.model if lora else model.model
        for ids in tokens.long().split(lengths.tolist()):
            hidden.append(body(input_ids=ids[None]).last_hidden_state[0])
            found.append(model(input_ids=ids[None]).logits[0])
        z, features = torch.cat(found), torch.cat(hidden)
        assert (z - logits).norm() < 1e-6 * logits.norm()  # the same model
        rows = torch.randperm(len(z))[:7]
        targets, cubic = torch.randn(7, config.vocab_size).double(), torch.randn(config.vocab_size).double()
        loss = ((z[rows] - targets) ** 2).sum() / 2 + (cubic * z[rows] ** 3).sum() / 3
        loss.backward()
        trained = {n.replace(".default", ""): p for n, p in model.named_parameters() if p.requires_grad}
        out = {"gradient." + n: p.grad.float() for n, p in trained.items()}
        out |= {"rows": rows.int(), "targets": targets, "cubic": cubic, "features": features.detach().float()}
        path = os.path.join(OUT, name + ".logits.safetensors")
        save_file({k: v.contiguous() for k, v in out.items()}, path)
        print(name, os.path.getsize(path), float(loss))


if __name__ == "__main__":
    main()
