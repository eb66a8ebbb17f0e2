#!/usr/bin/env python3
"""The jobs of EngineBenchmark in PyTorch: torch_engine.py SIZE JOB BUILD THREADS SECONDS prints one line of JSON.

JOB is full (a training step of all weights), lora (of adapters of rank 16 on every projection), or generate-N (greedy
continuations of N prompts).  BUILD is one of

  plain          the fastest eager code that we know: functions on a few large tensors, below
  compiled       the same through torch.compile (training only)
  transformers   LlamaForCausalLM with scaled_dot_product_attention, and peft for adapters

`torch_engine.py check` compares plain with transformers: logits, gradients, adapters and generated tokens.  Every job
is timed in a process of its own, whose greatest resident set is its peak memory.  The speed of sgemm is measured just
before and just after, since a machine's clock drifts.
"""

import json
import math
import resource
import statistics
import sys
import time
from dataclasses import dataclass

import torch
import torch.nn.functional as F

RANK, ALPHA, EPSILON, THETA = 16, 32, 1e-6, 10000.0
PROMPT, CONTINUATION = 32, 96
PARTS = {"qkv": ("q_proj", "k_proj", "v_proj"), "o": ("o_proj",), "gate_up": ("gate_proj", "up_proj"),
         "down": ("down_proj",)}


@dataclass(frozen=True)
class Size:
    width: int
    layers: int
    heads: int
    groups: int
    inner: int
    vocabulary: int
    length: int
    batch: int

    @property
    def head_width(self):
        return self.width // self.heads

    @property
    def tokens(self):
        return self.length * self.batch

    def outputs(self, joint):
        """The output widths of the matrices that a joint one consists of."""
        shared = self.groups * self.head_width
        return {"qkv": (self.width, shared, shared), "o": (self.width,), "gate_up": (self.inner, self.inner),
                "down": (self.width,)}[joint]

    def inputs(self, joint):
        return self.inner if joint == "down" else self.width


SIZES = {
    "tiny": Size(128, 4, 4, 2, 352, 2048, 128, 16),
    "small": Size(256, 6, 8, 4, 704, 4096, 256, 8),
    "medium": Size(512, 8, 8, 4, 1408, 8192, 256, 4),
    "gpt2s": Size(768, 12, 12, 12, 2048, 32000, 256, 2),
}


class Plain:
    """Activations are rows [tokens, width].  Matrices with the same input are one; residuals are added by addmm."""

    def __init__(self, size, context, adapted=False):
        self.size = size
        self.embedding = 0.02 * torch.randn(size.vocabulary, size.width)
        self.final_norm = torch.ones(size.width)
        self.layers = []
        for _ in range(size.layers):
            layer = {name: 0.02 * torch.randn(sum(size.outputs(name)), size.inputs(name)) for name in PARTS}
            self.layers.append(layer | {"norm1": torch.ones(size.width), "norm2": torch.ones(size.width)})
        self.adapters = []
        if adapted:
            for _ in range(size.layers):
                self.adapters.append({
                    name: (torch.randn(len(parts) * RANK, size.inputs(name)) / math.sqrt(size.inputs(name)),
                           [torch.zeros(width, RANK) for width in size.outputs(name)])
                    for name, parts in PARTS.items()})
        half = size.head_width // 2
        angles = torch.outer(torch.arange(context), THETA ** (-torch.arange(half) / half))
        self.turns = angles.cos()[:, None], angles.sin()[:, None]
        for tensor in self.trained():
            tensor.requires_grad_()

    def trained(self):
        if self.adapters:
            return [tensor for layer in self.adapters for a, bs in layer.values() for tensor in (a, *bs)]
        return [self.embedding, self.final_norm] + [tensor for layer in self.layers for tensor in layer.values()]

    def parts(self, index, name, x):
        """The outputs of the matrices in a joint one."""
        widths = self.size.outputs(name)
        weight = self.layers[index][name]
        if not self.adapters:
            return F.linear(x, weight).split(widths, -1)
        a, bs = self.adapters[index][name]
        inner = F.linear(x, a).split(RANK, -1)
        return [torch.addmm(F.linear(x, part), u, b.t(), alpha=ALPHA / RANK)
                for part, u, b in zip(weight.split(widths), inner, bs)]

    def add(self, index, name, stream, x):
        stream = torch.addmm(stream, x, self.layers[index][name].t())
        if self.adapters:
            a, (b,) = self.adapters[index][name]
            stream = torch.addmm(stream, F.linear(x, a), b.t(), alpha=ALPHA / RANK)
        return stream

    def turn(self, x, start):
        cosines, sines = (table[start:start + x.shape[1]] for table in self.turns)
        a, b = x.chunk(2, -1)
        return torch.cat((a * cosines - b * sines, b * cosines + a * sines), -1)

    def hidden(self, ids, caches=None, start=0):
        """The final norm's output for ids [batch, length] at positions from start on."""
        size, (batch, length) = self.size, ids.shape
        shape = (batch, length, -1, size.head_width)
        stream = F.embedding(ids.reshape(-1), self.embedding)
        for index, layer in enumerate(self.layers):
            x = F.rms_norm(stream, (size.width,), layer["norm1"], EPSILON)
            q, k, v = (part.view(shape) for part in self.parts(index, "qkv", x))
            q, k, v = (part.transpose(1, 2) for part in (self.turn(q, start), self.turn(k, start), v))
            shared = size.heads > size.groups
            if caches is not None:
                keys, values = caches[index]
                keys[:, :, start:start + length], values[:, :, start:start + length] = k, v
            if caches is None or length > 1:
                mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=shared)
            else:  # the queries that share keys are rows of one product
                seen = slice(0, start + 1)
                mixed = F.scaled_dot_product_attention(
                    q.reshape(batch, size.groups, -1, size.head_width), keys[:, :, seen], values[:, :, seen])
                mixed = mixed.reshape(batch, size.heads, 1, size.head_width)
            stream = self.add(index, "o", stream, mixed.transpose(1, 2).reshape(-1, size.width))
            x = F.rms_norm(stream, (size.width,), layer["norm2"], EPSILON)
            gate, up = self.parts(index, "gate_up", x)
            stream = self.add(index, "down", stream, F.silu(gate) * up)
        return F.rms_norm(stream, (size.width,), self.final_norm, EPSILON)

    def loss(self, ids):
        """The mean over all tokens but the first of each sequence; the last rows' logits are never made."""
        rows = self.hidden(ids).view(*ids.shape, -1)[:, :-1].reshape(-1, self.size.width)
        return F.cross_entropy(F.linear(rows, self.embedding), ids[:, 1:].reshape(-1))

    @torch.inference_mode()
    def generate(self, ids, count):
        size, (batch, length) = self.size, ids.shape
        shape = (batch, size.groups, length + count, size.head_width)
        caches = [(torch.empty(shape), torch.empty(shape)) for _ in self.layers]
        tokens, fed = [ids], ids
        for _ in range(count):
            start = 0 if fed is ids else length + len(tokens) - 2
            last = self.hidden(fed, caches, start).view(*fed.shape, -1)[:, -1]
            fed = F.linear(last, self.embedding).argmax(-1, keepdim=True)
            tokens.append(fed)
        return torch.cat(tokens, 1)


def transformers_model(size, context, adapted=False):
    import transformers

    transformers.logging.set_verbosity_error()
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(
        hidden_size=size.width, num_hidden_layers=size.layers, num_attention_heads=size.heads,
        num_key_value_heads=size.groups, intermediate_size=size.inner, vocab_size=size.vocabulary,
        max_position_embeddings=context, rms_norm_eps=EPSILON, rope_theta=THETA, tie_word_embeddings=True,
        attn_implementation="sdpa", pad_token_id=None, bos_token_id=None, eos_token_id=None)).float()
    if adapted:
        import peft

        targets = [part for parts in PARTS.values() for part in parts]
        model = peft.get_peft_model(model, peft.LoraConfig(
            r=RANK, lora_alpha=ALPHA, lora_dropout=0.0, target_modules=targets, task_type="CAUSAL_LM"))
    return model


def operations(size, adapted):
    """Useful operations of a step, a multiply-add being two: products of weights three times for each token (twice
    where weights are frozen, and then three times for the adapters), scores and mixtures of attention three times
    and not halved for what a token may not see."""
    shapes = [(size.inputs(name), sum(size.outputs(name)), len(parts)) for name, parts in PARTS.items()]
    weights = size.layers * sum(i * o for i, o, _ in shapes) + size.vocabulary * size.width
    adapters = size.layers * RANK * sum(i * n + o for i, o, n in shapes)
    attention = 12 * size.layers * size.length * size.width
    return size.tokens * ((4 * weights + 6 * adapters if adapted else 6 * weights) + attention)


def sgemm_speeds(size):
    """GFLOP/s of a square product, and of the forward products of one layer and the head together."""
    def speed(shapes):
        operands = [(torch.ones(m, k), torch.ones(n, k), torch.empty(m, n)) for m, n, k in shapes]
        times = []
        for _ in range(5):
            start = time.perf_counter()
            for a, b, out in operands:
                torch.mm(a, b.t(), out=out)
            times.append(time.perf_counter() - start)
        return 2e-9 * sum(m * n * k for m, n, k in shapes) / statistics.median(times[1:])

    n = size.tokens
    model = [(n, sum(size.outputs(name)), size.inputs(name)) for name in PARTS]
    with torch.no_grad():
        return speed([(1024, 1024, 1024)]), speed(model + [(min(n, 512), size.vocabulary, size.width)])


def peak_bytes():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def training_step(size, build, adapted):
    ids = torch.randint(size.vocabulary, (size.batch, size.length))
    if build == "transformers":
        model = transformers_model(size, size.length, adapted).train()
        trained = [p for p in model.parameters() if p.requires_grad]

        def loss():
            return model(input_ids=ids, labels=ids, use_cache=False).loss
    else:
        plain = Plain(size, size.length, adapted)
        trained = plain.trained()
        function = torch.compile(plain.loss) if build == "compiled" else plain.loss

        def loss():
            return function(ids)
    optimizer = torch.optim.AdamW(trained, lr=1e-4, weight_decay=0.01, fused=True)

    def step():
        optimizer.zero_grad(set_to_none=True)
        value = loss()
        value.backward()
        optimizer.step()
        return value

    return step


def generation(size, build, batch):
    ids = torch.randint(size.vocabulary, (batch, PROMPT))
    if build == "plain":
        plain = Plain(size, PROMPT + CONTINUATION)
        return lambda: plain.generate(ids, CONTINUATION)
    model = transformers_model(size, PROMPT + CONTINUATION).eval()
    mask = torch.ones_like(ids)
    return lambda: model.generate(
        ids, attention_mask=mask, do_sample=False, min_new_tokens=CONTINUATION, max_new_tokens=CONTINUATION)


def measure(name, job, build, threads, seconds):
    size, mode = SIZES[name], job.split("-")[0]
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    if mode == "generate":
        batch = int(job.split("-")[1])
        run, tokens, work = generation(size, build, batch), batch * CONTINUATION, None
    else:
        adapted = mode == "lora"
        run, tokens, work = training_step(size, build, adapted), size.tokens, operations(size, adapted)
    for _ in range(2):
        run()
    peak = peak_bytes()
    before = sgemm_speeds(size)
    times, begin, used = [], time.perf_counter(), processor_seconds()
    while len(times) < 3 or time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    used = (processor_seconds() - used) / len(times)
    square, model = (statistics.mean(pair) for pair in zip(before, sgemm_speeds(size)))
    return {
        "size": name, "job": job, "build": build, "threads": threads, "runs": len(times), "tokens": tokens,
        "median_seconds": statistics.median(times), "least_seconds": min(times), "processor_seconds": used,
        "operations": work, "sgemm_square": square, "sgemm_model": model, "peak_bytes": peak,
        "torch": torch.__version__,
    }


def load(plain, state, prefix=""):
    """Takes over the weights of a transformers model, and adapters where the model has them."""
    def matrix(index, part):
        block = "self_attn" if part[0] in "qkvo" else "mlp"
        name = f"{prefix}model.layers.{index}.{block}.{part}"
        return state.get(f"{name}.weight", state.get(f"{name}.base_layer.weight")), name

    with torch.no_grad():
        plain.embedding.copy_(state[f"{prefix}model.embed_tokens.weight"])
        plain.final_norm.copy_(state[f"{prefix}model.norm.weight"])
        for index, layer in enumerate(plain.layers):
            for number, norm in enumerate(("input_layernorm", "post_attention_layernorm")):
                layer[f"norm{number + 1}"].copy_(state[f"{prefix}model.layers.{index}.{norm}.weight"])
            for name, parts in PARTS.items():
                layer[name].copy_(torch.cat([matrix(index, part)[0] for part in parts]))
                if plain.adapters:
                    a, bs = plain.adapters[index][name]
                    names = [matrix(index, part)[1] for part in parts]
                    a.copy_(torch.cat([state[f"{n}.lora_A.default.weight"] for n in names]))
                    for b, n in zip(bs, names):
                        b.copy_(state[f"{n}.lora_B.default.weight"])


def check():
    """plain and transformers are the same model, to rounding."""
    torch.manual_seed(1)
    for size in (SIZES["tiny"], Size(96, 2, 6, 6, 160, 300, 40, 3)):
        ids = torch.randint(size.vocabulary, (size.batch, size.length))
        for adapted in (False, True):
            theirs = transformers_model(size, size.length, adapted)
            for name, tensor in theirs.named_parameters():
                if "norm" in name or "lora_B" in name:
                    torch.nn.init.normal_(tensor, 1.0 if "norm" in name else 0.0, 0.1)
            ours = Plain(size, size.length, adapted)
            load(ours, theirs.state_dict(), "base_model.model." if adapted else "")
            first, second = theirs(input_ids=ids, labels=ids, use_cache=False).loss, ours.loss(ids)
            first.backward()
            second.backward()
            assert abs(first - second) < 1e-5, (first, second)
            norms = [torch.cat([p.grad.flatten() for p in tensors if p.grad is not None]).norm().item()
                     for tensors in (theirs.parameters(), ours.trained())]
            assert abs(norms[0] / norms[1] - 1) < 1e-4, norms
            print(f"adapted {adapted}: losses {first:.7f} {second:.7f}, gradients' norms {norms[0]:.6f} {norms[1]:.6f}")
        prompt = ids[:, :size.length // 2]
        theirs, ours = transformers_model(size, size.length), Plain(size, size.length)
        load(ours, theirs.state_dict())
        count = size.length - prompt.shape[1]
        expected = theirs.eval().generate(prompt, attention_mask=torch.ones_like(prompt), do_sample=False,
                                          min_new_tokens=count, max_new_tokens=count)
        assert torch.equal(expected, ours.generate(prompt, count))
        print(f"{expected.numel() - prompt.numel()} generated tokens are the same")


if __name__ == "__main__":
    if sys.argv[1:] == ["check"]:
        check()
    elif len(sys.argv) == 6:
        size_name, job_name, build_name, thread_count, time_limit = sys.argv[1:]
        print(json.dumps(measure(size_name, job_name, build_name, int(thread_count), float(time_limit))))
    else:
        sys.exit(__doc__)
