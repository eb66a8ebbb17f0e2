"""Prints each example's log-likelihood under a folder that palimpsest wrote, as transformers and PEFT read it.

    python3 check_outputs.py MODEL DATA.jsonl
    python3 check_outputs.py ADAPTER DATA.jsonl --base MODEL

for comparison with `palimpsest score`. The data give token ids (`prompt_ids`, `answer_ids`). Everything is computed in
float64 from the stored weights, but for what transformers always rounds to float32 (norms, rotary angles).
"""

import argparse
import json

import torch
import transformers
from peft import PeftModel

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()


def load(folder, adapter=None, dtype=torch.float64):
    """The model of a folder, with the adapter of another, whose matrices alone can then be trained."""
    # transformers' own attention takes the softmax in float32 whatever the dtype; PyTorch's does not.
    model = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=dtype, attn_implementation="sdpa", local_files_only=True)
    if adapter:
        model = PeftModel.from_pretrained(model, adapter, is_trainable=True, local_files_only=True)
    return model.to(dtype)


def read_examples(path):
    """Each example's tokens, and which of them are the answer."""
    examples = []
    with open(path) as file:
        for line in file:
            if line.strip():
                prompt, answer = (json.loads(line)[key] for key in ("prompt_ids", "answer_ids"))
                examples.append((torch.tensor(prompt + answer), torch.arange(len(prompt + answer)) >= len(prompt)))
    return examples


def log_likelihoods(model, examples, padded=False):
    """The sum of the answer tokens' log probabilities of each example, each alone or all padded on the right."""
    if not padded:
        return torch.cat([log_likelihoods(model, [example], padded=True) for example in examples])
    ids, answers = (torch.nn.utils.rnn.pad_sequence(part, batch_first=True) for part in zip(*examples))
    mask = torch.nn.utils.rnn.pad_sequence([torch.ones_like(tokens) for tokens, _ in examples], batch_first=True)
    scores = torch.log_softmax(model(input_ids=ids, attention_mask=mask).logits[:, :-1], -1)
    return (scores.gather(-1, ids[:, 1:, None])[..., 0] * answers[:, 1:]).sum(-1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="a model, or with --base an adapter")
    parser.add_argument("data", help="JSON lines with prompt_ids and answer_ids")
    parser.add_argument("--base", help="the model that the adapter is for")
    options = parser.parse_args()
    model = load(options.base, options.folder) if options.base else load(options.folder)
    examples = read_examples(options.data)
    with torch.no_grad():
        sums = log_likelihoods(model, examples)
    print("example  answer_tokens  log_likelihood")
    for index, (value, (_, answer)) in enumerate(zip(sums, examples), 1):
        print(f"{index:7}  {int(answer[1:].sum()):13}  {float(value)!r}")


if __name__ == "__main__":
    main()
