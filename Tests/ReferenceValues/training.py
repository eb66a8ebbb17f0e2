"""Writes FineTuningTests/References/training: models, adapters, data, configurations, and what PyTorch makes of them.

In this folder, with torch, transformers and peft (written with 2.15.0, 5.23.0 and 0.21.2):

    python3 training.py
    python3 training.py wga_llama     # these cases alone, on the models, adapters and data that are there

Each cases/NAME.yaml is a configuration, and cases/NAME.json beside it says what it is run on and what must come of it;
paths are relative to the folder `training`. For each step: `loss`, which is what is minimised before the step's update,
with the retain and proximal terms; `learning_rate`; and `gradient_norm`, before clipping. For each example, in nats:
`start_log_likelihoods` and, after training, `log_likelihoods`. For each trained tensor: `distances`, the Euclidean norm
of how far it has come.

These are computed in float64, each example alone and each step's examples together. `deviation` is how far float32
comes from them, at most, relative to each value: of two runs, one as just said, the other in padded batches whose
gradients accumulate. It tells rounding from error.
"""

import json
import os
import shutil
import sys

import torch
import torch.nn.functional as F
import yaml
from fine_tuning import SCHEDULES, loss as objective_loss
from peft import LoraConfig, get_peft_model
from transformer import ALL, SIZES, build

from check_outputs import load, log_likelihoods, read_examples

torch.set_num_threads(1)
HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.normpath(os.path.join(HERE, "..", "FineTuningTests", "References", "training"))

# A retain file of 7 has incomplete steps of its own, at other steps than the 18 examples.
DATA = {"forget": 18, "retain": 7}
MODELS = {"llama": dict(tie_word_embeddings=False), "llama_tied": dict(tie_word_embeddings=True, num_key_value_heads=1),
          "qwen2": dict(qwen=True, tie_word_embeddings=True)}
ADAPTERS = {
    "llama_all": dict(model="llama", r=4, lora_alpha=6, target_modules=ALL + ["lm_head"]),
    "llama_tied_fresh": dict(model="llama_tied", r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"], fresh=True),
    "qwen2_qv": dict(model="qwen2", r=3, lora_alpha=12, target_modules=["q_proj", "v_proj"]),
    "qwen2_all": dict(model="qwen2", r=2, lora_alpha=3, target_modules=ALL),
}


def case(model, objective, adapter=None, rate=2e-3, sgd=False, schedule=None, retain=0, retain_objective=None, mu=0,
         batch=4, accumulation=1, run=dict(epochs=4, max_steps=10), parameters={}, **optimizer):
    """What a case is run on, and its configuration, in which defaults are left out."""
    configuration = run | dict(batch_size=batch)
    if accumulation > 1:
        configuration["gradient_accumulation"] = accumulation
    configuration["shuffle"] = False
    configuration["optimizer"] = dict(name="sgd" if sgd else "adamw", learning_rate=rate) | optimizer
    if schedule:
        configuration["schedule"] = schedule
    if adapter:
        lora = ADAPTERS[adapter]
        configuration["adapter"] = dict(
            rank=lora["r"], alpha=lora["lora_alpha"], targets=[t.removesuffix("_proj") for t in lora["target_modules"]])
    configuration["objective"] = dict(name=objective) | parameters
    if retain:
        configuration["objective"] |= dict(retain_coefficient=retain, retain_data="data/retain.jsonl")
    if retain_objective:
        configuration["objective"]["retain_objective"] = retain_objective
    if mu:
        configuration["proximal"] = dict(mu=mu)
    return dict(model=model, adapter=adapter, configuration=configuration)


WARM_WSD = dict(name="wsd_cosine", warmup=2, decay=4)
CASES = {
    "sft_llama": case("llama", "sft", run=dict(epochs=2)),
    "sft_llama_tied": case("llama_tied", "sft", schedule=dict(name="cosine", warmup=3), betas=[0.8, 0.95], epsilon=1e-6,
                           weight_decay=0.1, clip_norm=1.0),
    "sft_qwen2_sgd": case("qwen2", "sft", rate=0.05, sgd=True, weight_decay=0.05, clip_norm=2.0,
                          schedule=dict(name="linear", warmup=0.25)),
    "sft_qwen2_1x8": case("qwen2", "sft", batch=8),
    "sft_qwen2_4x2": case("qwen2", "sft", batch=2, accumulation=4),
    "sft_llama_lora_all": case("llama", "sft", "llama_all", rate=5e-3, schedule=dict(name="wsd", warmup=1, decay=5)),
    "sft_llama_tied_lora_fresh": case("llama_tied", "sft", "llama_tied_fresh", rate=1e-2),
    "ga_llama": case("llama", "ga", rate=1e-3, schedule=dict(name="linear", warmup=2), clip_norm=0.5),
    "ga_qwen2_lora_sgd": case("qwen2", "ga", "qwen2_qv", rate=0.05, sgd=True, weight_decay=0.1),
    "npo_qwen2_retain": case("qwen2", "npo", schedule=WARM_WSD, retain=0.5),
    "npo_llama_lora_all_retain": case("llama", "npo", "llama_all", rate=5e-3, retain=2.0, clip_norm=5.0,
                                      parameters=dict(beta=0.1)),
    "npo_llama_tied_lora_fresh": case("llama_tied", "npo", "llama_tied_fresh", rate=1e-2),
    "npo_qwen2_lora_1x8": case("qwen2", "npo", "qwen2_qv", rate=5e-3, batch=8),
    "npo_qwen2_lora_4x2": case("qwen2", "npo", "qwen2_qv", rate=5e-3, batch=2, accumulation=4),
    "simnpo_llama_tied_proximal": case("llama_tied", "simnpo", mu=0.5, parameters=dict(beta=0.2)),
    "simnpo_qwen2_lora_proximal": case("qwen2", "simnpo", "qwen2_all", rate=5e-3, mu=0.3, weight_decay=0.0,
                                       betas=[0.7, 0.9], schedule=dict(name="cosine", warmup=1)),
    "simnpo_original_llama_lora_all": case("llama", "simnpo_original", "llama_all", rate=5e-3,
                                           parameters=dict(beta=1.0, margin=1.125)),
    "simnpo_original_qwen2_4x2_retain": case("qwen2", "simnpo_original", batch=2, accumulation=4, retain=0.3, mu=0.05,
                                             weight_decay=0.3, parameters=dict(beta=0.5, margin=-0.5)),
    "wga_llama": case("llama", "wga", clip_norm=2.0, parameters=dict(beta=0.3)),
    "ga_llama_kl": case("llama", "ga", rate=1e-3, retain=3.0, retain_objective="kl"),
    "ga_llama_lora_all_kl": case("llama", "ga", "llama_all", rate=5e-3, batch=2, accumulation=2, retain=3.0,
                                 retain_objective="kl"),
    "npo_llama_tied_lora_fresh_kl": case("llama_tied", "npo", "llama_tied_fresh", rate=1e-2, retain=5.0,
                                         retain_objective="kl"),
    "ga_qwen2_hidden_states": case("qwen2", "ga", rate=1e-3, retain=20.0, retain_objective="hidden_states"),
    "wga_qwen2_lora_hidden_states": case("qwen2", "wga", "qwen2_all", rate=5e-3, retain=20.0,
                                         retain_objective="hidden_states"),
}
# The same steps, in other batches.
SAME = [("sft_qwen2_1x8", "sft_qwen2_4x2"), ("npo_qwen2_lora_1x8", "npo_qwen2_lora_4x2")]


def path(*parts):
    return os.path.join(OUT, *parts)


def write_inputs():
    for index, (name, options) in enumerate(MODELS.items()):
        torch.manual_seed(310 + index)
        build(options)[1].save_pretrained(path("models", name))
        os.remove(path("models", name, "generation_config.json"))
    for index, (name, options) in enumerate(ADAPTERS.items()):
        torch.manual_seed(400 + index)
        model, fresh = options["model"], options.get("fresh", False)
        lora = {key: value for key, value in options.items() if key not in ("model", "fresh")}
        adapted = get_peft_model(load(path("models", model), dtype=torch.float32),
                                 LoraConfig(lora_dropout=0.0, task_type="CAUSAL_LM", **lora))
        with torch.no_grad():
            for key, matrix in adapted.named_parameters():
                if ".lora_" in key:
                    matrix.copy_((0 if fresh and ".lora_B." in key else 0.2) * torch.randn_like(matrix))
        adapted.peft_config["default"].base_model_name_or_path = f"models/{model}"
        adapted.peft_config["default"].target_modules = sorted(lora["target_modules"])  # not a set, of no order
        # As PEFT does by itself, but without a look for the base model at the hub.
        adapted.save_pretrained(path("adapters", name), save_embedding_layers="lm_head" in lora["target_modules"])
        os.remove(path("adapters", name, "README.md"))
    os.makedirs(path("data"))
    draw = torch.Generator().manual_seed(500)
    number = lambda low, high, count: torch.randint(low, high, (count,), generator=draw).tolist()
    for name, count in DATA.items():
        with open(path("data", name + ".jsonl"), "w") as file:
            for prompt, answer in zip(number(1, 10, count), number(1, 9, count)):
                ids = dict(prompt_ids=number(0, SIZES["vocab_size"], prompt),
                           answer_ids=number(0, SIZES["vocab_size"], answer))
                file.write(json.dumps(ids) + "\n")


def in_full_precision(model):
    """transformers rounds norms to float32 whatever the model's dtype; this one does not."""
    for norm in model.modules():
        if type(norm).__name__.endswith("RMSNorm"):
            norm.forward = lambda x, norm=norm: F.rms_norm(x, norm.weight.shape, norm.weight, norm.variance_epsilon)
    return model


def windows(count, size, steps):
    """The examples of each step: the file's order, cut alike in every epoch; the last part may be smaller."""
    epoch = [list(range(start, min(start + size, count))) for start in range(0, count, size)]
    return [epoch[step % len(epoch)] for step in range(steps)]


def answer_rows(model, examples, layer=None):
    """The logits that predict answer tokens, or the hidden states in their place as they leave a layer, [tokens, ...]."""
    rows = []
    for ids, answer in examples:
        out = model(input_ids=ids[None], output_hidden_states=layer is not None)
        values = out.logits if layer is None else out.hidden_states[layer + 1]
        rows.append(values[0, :-1][answer[1:]])
    return torch.cat(rows)


def rows_loss(name, rows, reference):
    """The mean over answer tokens: KL(p_ref || p), or the mean square of the change."""
    if name == "hidden_states":
        return ((rows - reference) ** 2).mean()
    p, r = torch.log_softmax(rows, -1), torch.log_softmax(reference, -1)
    return (r.exp() * (r - p)).sum(-1).mean()


def add_rows_gradient(model, examples, references, window, name, factor):
    """The same as add_gradient of a loss of rows, over the whole window at once."""
    layer = 0 if name == "hidden_states" else None
    rows = answer_rows(model, [examples[i] for i in window], layer)
    value = factor * rows_loss(name, rows, torch.cat([references[i] for i in window]))
    value.backward()
    return float(value.detach())


def wga_loss(model, examples, beta):
    """Weighted gradient ascent, with the weights as constants."""
    logs = torch.log_softmax(answer_rows(model, examples), -1)
    targets = torch.cat([ids[1:][answer[1:]] for ids, answer in examples])
    tokens = logs.gather(-1, targets[:, None])[:, 0]
    return (tokens.detach().exp() ** beta * tokens).sum() / len(tokens)


def add_gradient(model, examples, references, window, objective, batch, padded, factor=1.0):
    """Adds the gradient of the objective over a window, which goes through the model in batches; gives its value."""
    name, beta, gamma = objective.get("name"), objective.get("beta"), objective.get("margin", 0.0)
    beta = beta or dict(npo=0.5, simnpo=1.0, simnpo_original=2.5, wga=1.0).get(name)
    size = lambda part: sum(int(examples[i][1].sum()) for i in part) if name in ("sft", "ga", "wga") else len(part)
    total = 0.0
    for start in range(0, len(window), batch):
        part = window[start:start + batch]
        if name == "wga":
            value = factor * size(part) / size(window) * wga_loss(model, [examples[i] for i in part], beta)
            value.backward()
            total += float(value.detach())
            continue
        likelihood = log_likelihoods(model, [examples[i] for i in part], padded)
        lengths = torch.tensor([int(examples[i][1].sum()) for i in part])
        reference = references[part] if name == "npo" else None
        value = objective_loss(name, beta, gamma, likelihood, reference, lengths)
        value = factor * size(part) / size(window) * value
        value.backward()
        total += float(value.detach())
    return total


def train(case, dtype, padded):
    """The run of a case: of each step the whole window at once, or in padded batches as users would run it."""
    configuration = case["configuration"]
    model = load(path("models", case["model"]), case["adapter"] and path("adapters", case["adapter"]), dtype)
    if dtype == torch.float64:
        in_full_precision(model)
    names, trained = zip(*[(n.replace(".default", ""), p) for n, p in model.named_parameters() if p.requires_grad])
    start = [p.detach().clone() for p in trained]
    examples, retain = (read_examples(path("data", name + ".jsonl")) for name in ("forget", "retain"))
    with torch.no_grad():
        references = log_likelihoods(model, examples)
        retaining = configuration["objective"].get("retain_objective", "sft")
        layer = 0 if retaining == "hidden_states" else None
        # The start model is the one without a fresh adapter, whose product is 0, or with the adapter as it is given.
        retain_rows = [answer_rows(model, [example], layer) for example in retain] if retaining != "sft" else None

    constants = dict(configuration["optimizer"])
    clip = constants.pop("clip_norm", None)
    rename = dict(epsilon="eps", learning_rate="lr")
    make = torch.optim.SGD if constants.pop("name") == "sgd" else torch.optim.AdamW
    optimizer = make(trained, **{rename.get(key, key): value for key, value in constants.items()})

    batch = configuration["batch_size"]
    window = batch * configuration.get("gradient_accumulation", 1)
    steps = min(configuration["epochs"] * -(-len(examples) // window), configuration.get("max_steps", 10**9))
    schedule = dict(warmup=0, decay=0) | configuration.get("schedule", dict(name="constant"))
    if schedule["name"].startswith("wsd") and "warmup" not in configuration["schedule"]:
        schedule["warmup"] = 0.02
    span = lambda number: int(number * steps) if number < 1 else number
    factors = SCHEDULES[schedule["name"].replace("_c", "C")](span(schedule["warmup"]), span(schedule["decay"]), steps)

    objective, mu = configuration["objective"], configuration.get("proximal", {}).get("mu", 0)
    coefficient = objective.get("retain_coefficient", 0)
    out = dict(loss=[], learning_rate=[], gradient_norm=[], start_log_likelihoods=references.tolist())
    plan = zip(windows(len(examples), window, steps), windows(len(retain), window, steps), factors)
    for part, retain_part, factor in plan:
        rate = constants["learning_rate"] * factor
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad()
        size = batch if padded else window
        loss = 0.0
        if coefficient and retain_rows:
            loss += add_rows_gradient(model, retain, retain_rows, retain_part, retaining, coefficient)
        elif coefficient:
            loss += add_gradient(model, retain, None, retain_part, dict(name="sft"), size, padded, coefficient)
        loss += add_gradient(model, examples, references, part, objective, size, padded)
        if mu:
            proximal = mu * sum(((p - s) ** 2).sum() for p, s in zip(trained, start))
            proximal.backward()
            loss += float(proximal.detach())
        norm = torch.nn.utils.clip_grad_norm_(trained, clip or float("inf"))
        optimizer.step()
        out["loss"].append(loss)
        out["learning_rate"].append(rate)
        out["gradient_norm"].append(float(norm))
    with torch.no_grad():
        out["log_likelihoods"] = log_likelihoods(model, examples).tolist()
        out["distances"] = {n: float((p - s).norm()) for n, p, s in zip(names, trained, start)}
    return out


def deviation(found, expected):
    """The largest relative difference."""
    if isinstance(expected, dict):
        found, expected = found.values(), expected.values()
    found, expected = (torch.tensor(list(values), dtype=torch.float64) for values in (found, expected))
    return float(((found - expected) / expected).abs().max())


def main():
    chosen = {name: CASES[name] for name in sys.argv[1:]} or CASES
    if chosen is CASES:
        shutil.rmtree(OUT, ignore_errors=True)
        write_inputs()
        os.makedirs(path("cases"))
    results = {}
    for name, case in chosen.items():
        expected = results[name] = train(case, torch.float64, padded=False)
        runs = [train(case, torch.float32, padded) for padded in (False, True)]
        keys = [key for key in expected if key != "learning_rate"]
        deviations = {key: max(deviation(run[key], expected[key]) for run in runs) for key in keys}
        objective = case["configuration"]["objective"]
        record = dict(
            command="train" if objective["name"] == "sft" else "unlearn", model="models/" + case["model"],
            adapter=case["adapter"] and "adapters/" + case["adapter"], data="data/forget.jsonl",
            retain=objective.get("retain_data")) | expected | dict(deviation=deviations)
        with open(path("cases", name + ".json"), "w") as file:
            lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in record.items()]
            file.write("{\n" + ",\n".join(lines) + "\n}\n")
        with open(path("cases", name + ".yaml"), "w") as file:
            yaml.safe_dump(case["configuration"], file, sort_keys=False, default_flow_style=None)
        numbers = "  ".join(f"{key} {value:.1e}" for key, value in deviations.items())
        print(f"{name}: loss {expected['loss'][0]:.4g} to {expected['loss'][-1]:.4g}; {numbers}")
    for one, other in SAME if chosen is CASES else []:
        for key, values in results[one].items():
            if key != "learning_rate":
                assert deviation(results[other][key], values) < 1e-12, (one, other, key)


if __name__ == "__main__":
    main()
