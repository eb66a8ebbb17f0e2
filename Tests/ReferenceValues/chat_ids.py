#!/usr/bin/env python3
"""Writes Tests/TokenizersTests/References/chat_ids.json: conversations as token ids, by transformers.

    Tests/ReferenceValues/chat_ids.py

needs transformers and tokenizers (made with 5.24.0 and 0.23.3), and small.json and sentencepiece.json, which
tokenizer_references.py makes. The file has the conversations, the tokenizers (members to put in the place of those of
small.json or sentencepiece.json) and for every template, tokenizer and conversation

- ids: those of the whole text, for the template plain as `tokenizer(text)` gives them, for the others as
  `tokenizer(text, add_special_tokens=False)` and so `apply_chat_template` do
- answers: where the assistant's tokens begin and end, by `return_assistant_tokens_mask`
- prompt: the ids of the text before the last answer

or null where the template needs a token that the tokenizer has not.
"""

import json
import pathlib

from jinja2.exceptions import UndefinedError
from tokenizers import Tokenizer, normalizers, processors
from tokenizers import pre_tokenizers as pre
from transformers import PreTrainedTokenizerFast

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "TokenizersTests" / "References"

PLAIN = (
    "{% for m in messages %}{% if m['role'] == 'assistant' %}"
    "{% generation %}{{ m['content'] + eos_token }}{% endgeneration %}{{ '' if loop.last else '\n' }}"
    "{% else %}{{ m['content'] + '\n' }}{% endif %}{% endfor %}"
)
CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' }}{% if m['role'] == 'assistant' %}"
    "{% generation %}{{ m['content'] + '<|im_end|>' }}{% endgeneration %}{% else %}"
    "{{ m['content'] + '<|im_end|>' }}{% endif %}{{ '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
LLAMA2 = (
    "{% if messages[0]['role'] == 'system' %}{% set turns = messages[1:] %}"
    "{% set start = '<<SYS>>\\n' + messages[0]['content'] + '\\n<</SYS>>\\n\\n' %}"
    "{% else %}{% set turns = messages %}{% set start = '' %}{% endif %}{% for m in turns %}"
    "{% if m['role'] == 'user' %}"
    "{{ bos_token + '[INST] ' + ((start if loop.first else '') + m['content']).strip() + ' [/INST]' }}"
    "{% else %}{% generation %}{{ ' ' + m['content'].strip() + ' ' + eos_token }}{% endgeneration %}{% endif %}{% endfor %}"
)
LLAMA3 = (
    "{% for m in messages %}{{ bos_token if loop.first else '' }}"
    "{{ '<|start_header_id|>' + m['role'] + '<|end_header_id|>\n\n' }}{% if m['role'] == 'assistant' %}"
    "{% generation %}{{ m['content'] | trim + '<|eot_id|>' }}{% endgeneration %}{% else %}"
    "{{ m['content'] | trim + '<|eot_id|>' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
TEMPLATES = {"plain": PLAIN, "chatml": CHATML, "llama2": LLAMA2, "llama3": LLAMA3}

CONVERSATIONS = [
    [("user", "who is here?"), ("assistant", "he is here.")],
    [("user", "Who are you?"), ("assistant", "A model."), ("user", "1 + 1?"), ("assistant", "2")],
    [
        ("system", "Be brief."), ("user", "the cat"), ("assistant", "sat there"), ("user", "and the other cats?"),
        ("assistant", "They sat there;\nthey didn't think."), ("user", "ok"), ("assistant", "Fine, thank you."),
    ],
    # Ends and beginnings where tokens may reach over, or marks be lost.
    [("user", "x \n"), ("assistant", "\n\nHello there!  ")],
    [("user", "say e"), ("assistant", "\u0301tude \u4e16\u754c"), ("user", " <s> or </s>"), ("assistant", " a<|im_end|>b ")],
    [
        ("user", "\u2581 mark"), ("assistant", "\u2581\u2581two"), ("user", "\U0001f600"), ("assistant", "\n"),
        ("user", "\tthe"), ("assistant", "[/INST] the end"),
    ],
]  # fmt: skip


def component(value):
    return json.loads(value.__getstate__().decode())


def tokenizers():
    """Name, base file, changes, and the tokens for beginning and end."""
    pieces = json.loads((FOLDER / "sentencepiece.json").read_text())
    marks = ["<|im_start|>", "<|im_end|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
    bound = 1 + max(pieces["model"]["vocab"].values())
    added = pieces["added_tokens"] + [
        dict(pieces["added_tokens"][0], id=bound + index, content=mark) for index, mark in enumerate(marks)
    ]
    kinds = {
        "byte level": ("small", {}),
        "prepend": ("sentencepiece", {"added_tokens": added}),
        "metaspace first": ("sentencepiece", {"added_tokens": added, "normalizer": None}),
        "metaspace always": ("sentencepiece", {"added_tokens": added, "normalizer": None}),
        "composed": ("small", {"normalizer": component(normalizers.NFC())}),
        "prefix space": ("small", {"pre_tokenizer": component(pre.ByteLevel(add_prefix_space=True))}),
    }
    kinds["metaspace first"][1]["pre_tokenizer"] = component(pre.Metaspace("\u2581", "first", split=False))
    kinds["metaspace always"][1]["pre_tokenizer"] = component(pre.Metaspace("\u2581", "always", split=True))
    for name, (base, changes) in kinds.items():
        value = json.loads((FOLDER / f"{base}.json").read_text())
        begin = next(token["id"] for token in value["added_tokens"] if token["content"] == "<s>")
        template = processors.TemplateProcessing("<s> $A", "<s> $A <s> $B", [("<s>", begin)])
        # The tokenizer puts the token there; a file merely names it; there is none.
        for suffix, token, processor in (("adds", "<s>", component(template)), ("names", "<s>", None), ("none", None, None)):
            yield f"{name}, {suffix}", base, dict(changes, post_processor=processor), value, token


def reference(tokenizer, template, messages):
    arguments = {"chat_template": TEMPLATES[template]}

    def ids(text):
        return tokenizer(text, add_special_tokens=template == "plain")["input_ids"]

    try:
        text = tokenizer.apply_chat_template(messages, tokenize=False, **arguments)
        prompt = tokenizer.apply_chat_template(messages[:-1], tokenize=False, add_generation_prompt=True, **arguments)
        masked = tokenizer.apply_chat_template(
            messages, tokenize=True, return_dict=True, return_assistant_tokens_mask=True, **arguments
        )
    except UndefinedError:
        return None
    whole = ids(text)
    leading = len(whole) - len(masked["input_ids"])
    assert whole[leading:] == masked["input_ids"] and leading == (template == "plain" and whole[0] == tokenizer.bos_token_id and leading)
    mask = [0] * leading + masked["assistant_masks"] + [0]
    edges = [place for place in range(len(mask)) if mask[place] != (mask[place - 1] if place else 0)]
    return {"ids": whole, "answers": edges, "prompt": ids(prompt)}


def main():
    kinds, entries = [], []
    for name, base, changes, value, begin in tokenizers():
        kinds.append({"name": name, "base": base, "changes": changes, "begin": begin})
        whole = Tokenizer.from_str(json.dumps(dict(value, **changes)))
        tokenizer = PreTrainedTokenizerFast(tokenizer_object=whole, bos_token=begin, eos_token="</s>")
        for template in TEMPLATES:
            for index, turns in enumerate(CONVERSATIONS):
                messages = [{"role": role, "content": content} for role, content in turns]
                entries.append(
                    {"tokenizer": name, "template": template, "conversation": index, "reference": reference(tokenizer, template, messages)}
                )
    result = {"conversations": CONVERSATIONS, "tokenizers": kinds, "entries": entries}
    (FOLDER / "chat_ids.json").write_text(json.dumps(result, separators=(",", ":")) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
