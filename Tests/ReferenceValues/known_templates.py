#!/usr/bin/env python3
"""Checks that the chat templates in ModelChatTemplate.swift's table write what the presets do, by transformers.

    Tests/ReferenceValues/known_templates.py [DATA]

needs transformers (made with 5.24.0). Each template is rendered by transformers and held against the preset's own in
chat_ids.py, which Swift's ids are tested against, over the conversations there and some more; where it writes a system
message of its own, with that message given to the preset. DATA is a folder with chat_templates/NAME.jinja, for those of
Qwen2.5 and Llama 3. Printed are the SHA-256 that the table has them by.
"""

import hashlib
import pathlib
import sys

import chat_ids
import tokenizer_references as published
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

QWEN25 = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."
BARE = (
    "{% for message in messages %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
KNOWN = {
    "ChatML": (BARE, "chatml", None),
    "ChatML, escaped": (BARE.replace("\n", "\\n"), "chatml", None),
    "Qwen2": (published.CHATML, "chatml", "You are a helpful assistant."),
    "Qwen2, escaped": (published.CHATML.replace("\n", "\\n"), "chatml", "You are a helpful assistant."),
    "Llama 2": (published.LLAMA2_TEMPLATE, "llama2", None),
    "Llama 3": (published.LLAMA3_TEMPLATE, "llama3", None),
}
FILES = {
    "qwen2.5-instruct": ("chatml", QWEN25),
    "llama-3-instruct": ("llama3", None),
}
MORE = [
    [("system", ""), ("user", "Hello"), ("assistant", "")],
    [("system", "\n  Two lines.\r\nThe second.\t "), ("user", "  \t a\n\n\nb\n"), ("assistant", "\u00a0\u3000x\u2003\u200b")],
    [("user", "{{ bos_token }} {% if x %} <b>&amp; \"q\" 'q' \\n \\ <|im_end|> </s>"), ("assistant", "[INST] %} }} -%}")],
]  # fmt: skip


def main():
    known = dict(KNOWN)
    if len(sys.argv) > 1:
        for name, (preset, system) in FILES.items():
            text = (pathlib.Path(sys.argv[1]) / "chat_templates" / f"{name}.jinja").read_bytes().decode()
            known[name] = (text.removesuffix("\n"), preset, system)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.WordLevel({"a": 0}, unk_token="a")), bos_token="<s>", eos_token="</s>"
    )
    for name, (text, preset, system) in known.items():
        for turns in chat_ids.CONVERSATIONS + MORE:
            messages = [{"role": role, "content": content} for role, content in turns]
            for part in (messages, messages[:-1]):
                given = part if system is None or part[0]["role"] == "system" else [{"role": "system", "content": system}] + part
                asks = part[-1]["role"] == "user"
                theirs, ours = (
                    tokenizer.apply_chat_template(turns, chat_template=template, tokenize=False, add_generation_prompt=asks)
                    for turns, template in ((part, text), (given, chat_ids.TEMPLATES[preset]))
                )
                assert theirs == ours, (name, turns, theirs, ours)
        print(hashlib.sha256(text.encode()).hexdigest(), preset, name)


if __name__ == "__main__":
    main()
