"""Writes TransformerTests/References/*.safetensors: small random checkpoints and what transformers and peft make of them.

In this folder:

    python3 transformer.py

Everything is computed in float64 from float32 weights. Each file holds the weights under their Hugging Face names, the
batch (`tokens`, `starts`, `answers`), the logits, the answers' log-likelihoods, `gradient.NAME` of
`sum_i weights[i] * log-likelihood_i`, and `losses.OBJECTIVE`: the losses of ten AdamW steps on that batch. The metadata
hold the model's sizes.

NAME.generated.json hold what transformers' `generate` makes of prompts greedily, with the adapter (`tokens`) and without
it (`base`), and the least distance of the two greatest logits on the way (`margin`).
"""

import json
import os

import torch
import transformers
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file

transformers.logging.set_verbosity_error()
torch.set_num_threads(1)
HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "TransformerTests", "References")

LENGTHS = [13, 5, 18]
WEIGHTS = [0.5, -1.25, 0.75]
PROMPTS, NEW = [7, 1, 12, 3], 40
STEPS, RATE, DECAY, BETA = 10, 1e-3, 0.01, 0.5

ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
SIZES = dict(vocab_size=61, hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4,
             num_key_value_heads=2, max_position_embeddings=64, rms_norm_eps=1e-5, rope_theta=10000.0)
CASES = {
    "llama_tied": dict(tie_word_embeddings=True),
    "llama_head_dim": dict(tie_word_embeddings=False, head_dim=10, num_key_value_heads=1),
    "llama3_scaled": dict(tie_word_embeddings=True, num_key_value_heads=4, head_dim=8, rope_theta=500.0,
                          rope_scaling=dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                                            original_max_position_embeddings=16)),
    "qwen2": dict(qwen=True, tie_word_embeddings=True),
    "llama_lora": dict(tie_word_embeddings=True, lora=dict(r=4, lora_alpha=6, target_modules=ALL)),
    "qwen2_lora": dict(qwen=True, tie_word_embeddings=False,
                       lora=dict(r=3, lora_alpha=12, target_modules=["q_proj", "v_proj", "down_proj", "lm_head"])),
}


def build(case):
    case = dict(case)
    qwen, lora = case.pop("qwen", False), case.pop("lora", None)
    kw = SIZES | case
    scaling = kw.pop("rope_scaling", None)
    kw["rope_parameters"] = dict(rope_type="default", rope_theta=kw.pop("rope_theta")) | (scaling or {})
    kw |= dict(bos_token_id=None, eos_token_id=None, pad_token_id=None, attn_implementation="eager")
    config = (transformers.Qwen2Config if qwen else transformers.LlamaConfig)(**kw)
    model = (transformers.Qwen2ForCausalLM if qwen else transformers.LlamaForCausalLM)(config)
    with torch.no_grad():
        for p in model.parameters():  # away from the starting values: larger weights, gains not 1, biases not 0
            p.copy_(0.15 * torch.randn_like(p))
        for name, p in model.named_parameters():
            if "norm" in name:
                p.copy_(1 + 0.3 * torch.randn_like(p))
    base = {n: p.detach().clone() for n, p in model.named_parameters()}
    if lora:
        model = get_peft_model(model, LoraConfig(lora_dropout=0.0, task_type="CAUSAL_LM", **lora))
        with torch.no_grad():
            for name, p in model.named_parameters():
                if ".lora_" in name:
                    p.copy_(0.2 * torch.randn_like(p))
    return config, model, base, lora


def likelihoods(model, sequences, answers):
    """Each sequence alone, so that no padding is involved."""
    logits, sums = [], []
    for ids, mask in zip(sequences, answers):
        z = model(input_ids=ids[None]).logits[0]
        logits.append(z)
        token = torch.log_softmax(z[:-1], -1).gather(-1, ids[1:, None])[:, 0]
        sums.append((token * mask[1:]).sum())
    return torch.cat(logits), torch.stack(sums)


def loss(name, likelihood, reference, counts):
    if name == "sft":
        return -likelihood.sum() / counts.sum()
    if name == "ga":
        return likelihood.sum() / counts.sum()
    margin = likelihood - reference if name == "npo" else likelihood
    return (-(2 / BETA) * torch.nn.functional.logsigmoid(-BETA * margin)).mean()


def generate(model, prompts):
    """Greedy continuations, and how near another token came: each prompt alone in float64, so that no padding is
    involved. In float32 the batch with left padding must give the same."""
    kw = dict(max_new_tokens=NEW, min_new_tokens=NEW, do_sample=False, pad_token_id=0)
    rows, margin = [], float("inf")
    for prompt in prompts:
        out = model.generate(input_ids=prompt[None], attention_mask=torch.ones_like(prompt[None]), output_logits=True,
                             return_dict_in_generate=True, **kw)
        rows.append(out.sequences[0, len(prompt):].tolist())
        top = torch.cat(out.logits).topk(2, -1).values
        margin = min(margin, float((top[:, 0] - top[:, 1]).min()))
    length = max(len(p) for p in prompts)
    ids = torch.stack([torch.nn.functional.pad(p, (length - len(p), 0)) for p in prompts])
    mask = torch.stack([torch.arange(length) >= length - len(p) for p in prompts]).long()
    padded = model.float().generate(input_ids=ids, attention_mask=mask, **kw)[:, length:].tolist()
    assert padded == rows
    model.double()
    return rows, margin


def write_generated(name, model, lora):
    """Prompts of their own seed, so that the other references stay as they are."""
    draw = torch.Generator().manual_seed(7)
    prompts = [torch.randint(0, SIZES["vocab_size"], (n,), generator=draw) for n in PROMPTS]
    model = model.double().eval()
    tokens, margin = generate(model, prompts)
    out = dict(prompts=[p.tolist() for p in prompts], tokens=tokens, margin=margin)
    if lora:
        with model.disable_adapter():
            out["base"], least = generate(model, prompts)
            out["margin"] = min(margin, least)
    path = os.path.join(OUT, name + ".generated.json")
    with open(path, "w") as file:
        json.dump(out, file)
        file.write("\n")
    print(name, "margin", out["margin"], "different tokens", len({t for row in tokens for t in row}))


def main():
    os.makedirs(OUT, exist_ok=True)
    for index, (name, case) in enumerate(CASES.items()):
        torch.manual_seed(100 + index)
        config, model, base, lora = build(case)
        write_generated(name, model, lora)
        sequences = [torch.randint(0, config.vocab_size, (n,)) for n in LENGTHS]
        answers = [torch.arange(n) >= n // 3 for n in LENGTHS]
        answers[2][10] = False  # a hole, as between the turns of a chat
        counts = torch.tensor([float(m[1:].sum()) for m in answers], dtype=torch.float64)
        model = model.double().train()
        logits, sums = likelihoods(model, sequences, answers)
        (sums * torch.tensor(WEIGHTS, dtype=torch.float64)).sum().backward()
        trained = {n: p for n, p in model.named_parameters() if p.requires_grad}
        short = lambda n: n.replace(".default", "")
        out = {n: p.contiguous() for n, p in base.items()}
        if lora:
            out |= {short(n): p.detach().float().clone() for n, p in trained.items()}
        out |= {"gradient." + short(n): p.grad.float().clone() for n, p in trained.items()}
        start = {n: p.detach().clone() for n, p in trained.items()}
        if lora:
            with model.disable_adapter(), torch.no_grad():
                reference = likelihoods(model, sequences, answers)[1]
        else:
            reference = sums.detach()
        for objective in ("sft", "ga", "npo", "simnpo"):
            with torch.no_grad():
                for n, p in trained.items():
                    p.copy_(start[n])
            optimizer = torch.optim.AdamW(trained.values(), lr=RATE, weight_decay=DECAY)
            losses = []
            for _ in range(STEPS):
                optimizer.zero_grad()
                value = loss(objective, likelihoods(model, sequences, answers)[1], reference, counts)
                value.backward()
                optimizer.step()
                losses.append(value.detach())
            out["losses." + objective] = torch.stack(losses)
        out |= {"logits": logits.detach().float(), "log_likelihoods": sums.detach(), "reference": reference.clone(),
                "tokens": torch.cat(sequences).int(), "answers": torch.cat(answers).int(),
                "lengths": torch.tensor(LENGTHS).int(), "weights": torch.tensor(WEIGHTS, dtype=torch.float64)}
        scaling = config.rope_parameters if config.rope_parameters.get("rope_type") == "llama3" else {}
        metadata = dict(
            vocabulary=config.vocab_size, hidden=config.hidden_size, intermediate=config.intermediate_size,
            layers=config.num_hidden_layers, heads=config.num_attention_heads, kv_heads=config.num_key_value_heads,
            head_dim=getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads,
            epsilon=config.rms_norm_eps, theta=config.rope_parameters["rope_theta"],
            tied=int(config.tie_word_embeddings), bias=int(case.get("qwen", False)))
        metadata |= {k: scaling[k] for k in scaling if k not in ("rope_type", "rope_theta")}
        if lora:
            metadata |= dict(rank=lora["r"], alpha=lora["lora_alpha"], targets=" ".join(lora["target_modules"]))
        path = os.path.join(OUT, name + ".safetensors")
        save_file({k: v.contiguous() for k, v in out.items()}, path, {k: str(v) for k, v in metadata.items()})
        print(name, os.path.getsize(path), [float(v) for v in sums], metadata)


if __name__ == "__main__":
    main()
