#!/usr/bin/env python3
"""Writes Tests/TokenizersTests/References: what Hugging Face's tokenizers and transformers make of tricky texts.

    Tests/ReferenceValues/tokenizer_references.py [DATA]

needs tokenizers and transformers (made with 0.23.3 and 5.23.0). DATA is a folder with GPT-2's `encoder.json` and
`vocab.bpe` in tokenizers/gpt2 and Qwen2's files in tokenizers/qwen2; without it the references of those two stay as
they are. The files:

- small.json          a byte-level tokenizer.json trained on TRAINING below
- sentencepiece.json  one in Llama 2's form
- variants.json       members to put in the place of those of small.json or sentencepiece.json, the ids of all texts,
                      and texts of ids
- texts.json          the texts
- published.json      the ids of all texts by GPT-2's and Qwen2's vocabularies
- conversations.json  conversations, and their texts by the chat templates below
- training.json       TRAINING, for our own trainer
"""

import json
import pathlib
import random
import sys

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, processors, trainers
from tokenizers import pre_tokenizers as pre
from transformers import PreTrainedTokenizerFast

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "TokenizersTests" / "References"
QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
LLAMA3 = QWEN2.replace(r"\p{N}|", r"\p{N}{1,3}|", 1)
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
SPECIAL = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
SPECIAL += ["<|im_start|>", "<|im_end|>", "<s>", "</s>"]

# Written for this file.
TRAINING = [
    "The order in which a model learned its lessons can be read off what it forgets first.",
    "the cat and the other cats sat there; they didn't think that it'd rain, but it's raining and we're wet.",
    "You'll see: I've 12 apples, 345 pears and 6789 plums, which is 7146 in all. I'M SURE, AREN'T YOU?",
    "user\nassistant\nsystem\nYou are a helpful assistant.\n\nHello there! How are you? Fine, thank you.\n",
    "def forget(steps):\n    for step in range(steps):\n        model.ascend(step)\n\treturn model\r\n",
    "Größe und Maß: schöne Füße, naïve café déjà vu. Привет, мир! Ещё раз: привет.",
    "世界 你好 世界 日本語 日本 한국어 한국 हिन्दी हिन्दी العربية العربية ไทย",
    "😀😀 👩‍👩‍👧 🎉🎉 ... ---- ==== !!! ??? (a) [b] {c} <d>   spaces    and\t\ttabs",
] * 2

TEXTS = [
    "", " ", "  ", "   ", "\t", "\n", "\n\n", "\r\n", " \n", "\n ", " \n \n ", "a\n\n b", "a \n b", "a  b", "a   b  ",
    "  a", "\u00a0a\u00a0\u00a0b", "\u3000\u3000x", "\u2028x\u2029", "\u0085\u0085y", "\u000b\u000c z", "\u1680\u202f.",
    "x\u001c\u001d\u001e\u001fy", "\u180ex\u200bx\ufeffx", "Hello world", "Hello, world!", " Hello  world ", "don't",
    "DON'T", "I'm I'M i'Ll we'Ve they'RE it'D 'S's 'T't", "it\u2019s we\u2019ve I\u2019LL", "'\u017f '\u017ft \u017f's",
    "''s '' 's' 'st 'rest 'l 'v 'r 'e", "'", "''", "a'", "'\n's", "\u00bd\u00b2\u2167\u0663\u0967 \u096812", "0",
    "12", "123", "1234", "12345", "1234567890123456789012", "a1b22c333d4444", " 1 22 333", "3.14 -1e-5 1,000,000",
    "\u00e9\u00e8 e\u0301e\u0300", "a\u0323\u0307 a\u0307\u0323 \u1e0d\u0307", "\u212b \u2126 \u0958 \u1e9b\u0323",
    "\u1100\u1161\u11a8 \uac01 \u1100\u1161\u1161", "\u0301 \u0301\u0301x", "q\u0307\u0323\u0345\u0344",
    "\u0e33\u0e4d\u0e32 \u0f71\u0f72\u0f73", "\u0898\u0323\u0301 a\u1abf\u0323", "\U00011938 \U00011935\U00011930",
    "\u4f60\u597d\uff0c\u4e16\u754c\u3002\u6211\u60f3\u5728apple\u5de5\u4f5c1314151\u5929\uff5e", "\u65e5\u672c\u8a9e\u30c6\u30b9\u30c8",
    "\ud55c\uad6d\uc5b4 \ud14d\uc2a4\ud2b8", "\u0939\u093f\u0928\u094d\u0926\u0940 \u0928\u092e\u0938\u094d\u0924\u0947",
    "\u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u0645\u064e\u0631\u0652\u062d\u064e\u0628\u064b\u0627", "\u05e9\u05dc\u05d5\u05b9\u05dd",
    "\u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22", "Ti\u1ebfng Vi\u1ec7t C\u1eeda", "\u0417\u0434\u0440\u0430\u0432\u0441\u0442\u0432\u0443\u0439\u0442\u0435 \u0415\u0449\u0451",
    "\U0001f600\U0001f600", "\U0001f469\u200d\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea\U0001f3fd\u2764\ufe0f",
    " \U0001f999.cpp", "\U0001d7ce\U0001d400\U0001d54f", "\u0000\u0001\u007f\u0080", "\ufffd\ufffe\uffff\U0010ffff",
    "\ue000\U000f0000", "\U00016d67\U0002ebf0 \U00033350x", "def f(x):\n    return x\n\n\n# end\t\n", "!!!!!!", "... --- ===",
    "a!\n\n\nb", " !\r\n\r\nx", "?\n!\n", "$100 50% #tag @user a_b", "http://x.org/a?b=c&d=e#f", "\"quoted\" `code`",
    "\u00dcn\u00efc\u00f6d\u00e9", "\ufb01\ufb02 \u01c5\u02b0\u2c7c", "\u00aa\u00ba\u00b5 \u2160\u3007\u4e00", "\U000e0041x\u0378",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "thethethethethethethethethethethethethethe" * 2,
    "<s>", "<s> a </s>", "x<|eot_id|>y", " <|eot_id|> ", "<|eot_id|><|eot_id|>", "<|eot_id", "<|im_start|>user\nHi<|im_end|>\n",
    "<|endoftext|>a <|endoftext|>", "\u2581\u2581a \u2581", "<0x41><0x0A>", "\u0120\u010a", "a <l> b <r> c <lr> d", "words word sword word",
    "<l><r><lr> <lr>\n<r>\n\n<l>", "e\u0301t\u00e9 \u00e9", "\u00e9", " word", "word ", "_word word_ \u00e9word",
]

CHATML = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
LLAMA2_TEMPLATE = (
    "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}"
    "{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}"
    "{% set system_message = false %}{% endif %}{% for message in loop_messages %}"
    "{% if loop.index0 == 0 and system_message != false %}"
    "{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}"
    "{% else %}{% set content = message['content'] %}{% endif %}"
    "{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}"
)
LLAMA3_TEMPLATE = (
    "{% for message in messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'"
    "+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}"
    "{% endif %}{{ content }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
TEMPLATES = {
    "chatml": (CHATML, "<|begin_of_text|>", "<|im_end|>"),
    "llama2": (LLAMA2_TEMPLATE, "<s>", "</s>"),
    "llama3": (LLAMA3_TEMPLATE, "<|begin_of_text|>", "<|eot_id|>"),
}
CONVERSATIONS = [
    [("user", "Hello there!")],
    [("user", "Who are you?"), ("assistant", "A model.")],
    [("system", "Be brief."), ("user", "  1 + 1?\n"), ("assistant", " 2 "), ("user", "and 2 + 2?"), ("assistant", "4")],
    [("system", "You are a cat."), ("user", "Wie geht's?\n\nGut?"), ("assistant", "Sch\u00f6n!\n\n\U0001f600"), ("user", "ok")],
]


def write(name, value, indent=None):
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), indent=indent)
    (FOLDER / name).write_text(text + "\n", encoding="ascii")


def byte_level(splits, prefix=False):
    return pre.ByteLevel(add_prefix_space=prefix, use_regex=splits)


def split(expression):
    return pre.Sequence([pre.Split(Regex(expression), "isolated"), byte_level(False)])


def small():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = byte_level(True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=640, special_tokens=SPECIAL, initial_alphabet=pre.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(TRAINING, trainer)
    return tokenizer


def sentencepiece():
    trained = Tokenizer(models.BPE(unk_token="<unk>"))
    trained.pre_tokenizer = pre.Metaspace("\u2581", prepend_scheme="always", split=True)
    fallback = [f"<0x{byte:02X}>" for byte in range(256)]
    trained.train_from_iterator(
        TRAINING,
        trainers.BpeTrainer(
            vocab_size=450, special_tokens=["<unk>", "<s>", "</s>"] + fallback, limit_alphabet=60, show_progress=False
        ),
    )
    value = json.loads(trained.to_str())
    value["model"].update(byte_fallback=True, fuse_unk=True)
    value["added_tokens"] = [dict(token, normalized=False) for token in value["added_tokens"] if token["id"] < 3]
    tokenizer = Tokenizer.from_str(json.dumps(value))
    tokenizer.pre_tokenizer = None
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)]
    )
    return tokenizer


def component(value):
    """The JSON of a tokenizers component."""
    return json.loads(value.__getstate__().decode())


def variants(base, pieces):
    """Pairs of a base file's name and the members to replace."""
    model = json.loads(base.to_str())["model"]
    begin = base.token_to_id("<|begin_of_text|>")
    template = processors.Sequence(
        [
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(
                single="<|begin_of_text|> $A",
                pair="<|begin_of_text|> $A $B",
                special_tokens=[("<|begin_of_text|>", begin)],
            ),
        ]
    )
    llama3 = {"pre_tokenizer": component(split(LLAMA3)), "post_processor": component(template)}
    llama3["model"] = {"ignore_merges": True, "merges": [m for i, m in enumerate(model["merges"]) if i % 4]}
    legacy = {"model": {"merges": [" ".join(pair) for pair in model["merges"]]}}
    missing = {f for f in model["vocab"] if len(f) == 1 and not f.isascii()}
    kept = {f: i for f, i in model["vocab"].items() if not set(f) & missing}
    merges = [m for m in model["merges"] if m[0] in kept and m[1] in kept and m[0] + m[1] in kept]
    gaps = {"model": {"vocab": kept, "merges": merges}, "added_tokens": []}
    flagged = Tokenizer.from_str(base.to_str())
    flagged.normalizer = normalizers.NFC()
    flagged.add_tokens(
        [
            AddedToken("<l>", lstrip=True),
            AddedToken("<r>", rstrip=True, normalized=False),
            AddedToken("<lr>", lstrip=True, rstrip=True, normalized=False, special=True),
            AddedToken("word", single_word=True),
            AddedToken("\u00e9"),
            AddedToken("<l", normalized=False),
        ]
    )
    flags = json.loads(flagged.to_str())
    metaspace = pre.Metaspace("\u2581", prepend_scheme="first", split=False)
    always = pre.Metaspace("\u2581", prepend_scheme="always", split=True)
    return {
        "gpt2": ("small", {}),
        "gpt2 as split": ("small", {"pre_tokenizer": component(split(GPT2))}),
        "merges as strings": ("small", legacy),
        "qwen2": ("small", {"normalizer": component(normalizers.Sequence([normalizers.NFC()])), "pre_tokenizer": component(split(QWEN2))}),
        "llama3": ("small", llama3),
        "digits": ("small", {"pre_tokenizer": component(pre.Sequence([pre.Digits(True), byte_level(True)]))}),
        "digit runs, prefix": ("small", {"pre_tokenizer": component(pre.Sequence([pre.Digits(False), byte_level(True, True)]))}),
        "no pattern": ("small", {"pre_tokenizer": component(byte_level(False))}),
        "flags": ("small", {"normalizer": flags["normalizer"], "added_tokens": flags["added_tokens"]}),
        "gaps": ("small", gaps),
        "gaps, unknown": ("small", dict(gaps, model=dict(gaps["model"], unk_token="a"))),
        "gaps, fused": ("small", dict(gaps, model=dict(gaps["model"], unk_token="a", fuse_unk=True))),
        "llama2": ("sentencepiece", {}),
        "metaspace": ("sentencepiece", {"normalizer": None, "pre_tokenizer": component(metaspace)}),
        "metaspace, decoded": (
            "sentencepiece",
            {"normalizer": None, "pre_tokenizer": component(always), "decoder": component(decoders.Metaspace("\u2581", "always", True))},
        ),
        "no decoder": ("sentencepiece", {"decoder": None}),
    }


def assembled(value, changes):
    value = json.loads(json.dumps(value))
    for name, change in changes.items():
        if name == "model":
            value["model"].update(change)
        else:
            value[name] = change
    return Tokenizer.from_str(json.dumps(value))


def published(data):
    def merges(path):
        lines = path.read_text(encoding="utf-8").split("\n")
        return [tuple(line.split(" ")) for line in lines if line and not line.startswith("#version")]

    folder = data / "tokenizers" / "gpt2"
    gpt2 = Tokenizer(models.BPE(json.loads((folder / "encoder.json").read_text()), merges(folder / "vocab.bpe")))
    gpt2.pre_tokenizer = byte_level(True)
    gpt2.add_special_tokens([AddedToken("<|endoftext|>", normalized=False)])
    folder = data / "tokenizers" / "qwen2"
    qwen2 = Tokenizer(models.BPE(json.loads((folder / "vocab.json").read_text()), merges(folder / "merges.txt")))
    qwen2.normalizer = normalizers.NFC()
    qwen2.pre_tokenizer = split(QWEN2)
    names = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    qwen2.add_special_tokens([AddedToken(name, normalized=False) for name in names])
    return {name: [t.encode(text).ids for text in TEXTS] for name, t in (("gpt2", gpt2), ("qwen2", qwen2))}


def conversations(base):
    result = []
    for turns in CONVERSATIONS:
        messages = [{"role": role, "content": content} for role, content in turns]
        entry = {"messages": [list(turn) for turn in turns], "texts": {}}
        for name, (template, begin, end) in TEMPLATES.items():
            wrapped = PreTrainedTokenizerFast(tokenizer_object=base, bos_token=begin, eos_token=end)
            prompts = messages[-1]["role"] == "user"
            text = wrapped.apply_chat_template(
                messages, chat_template=template, tokenize=False, add_generation_prompt=prompts
            )
            entry["texts"][name] = {"text": text, "ids": base.encode(text, add_special_tokens=False).ids}
        result.append(entry)
    return result


def main():
    FOLDER.mkdir(exist_ok=True)
    base, pieces = small(), sentencepiece()
    values = {"small": json.loads(base.to_str()), "sentencepiece": json.loads(pieces.to_str())}
    for name, value in values.items():
        write(f"{name}.json", value)
    write("texts.json", TEXTS)
    write("training.json", TRAINING)
    generator = random.Random(1)
    result = []
    for name, (file, changes) in variants(base, pieces).items():
        tokenizer = assembled(values[file], changes)
        known = sorted(tokenizer.get_vocab().values())
        decoded = []
        for _ in range(40):
            # Mostly single bytes, which seldom make characters.
            ids = [
                generator.choice(known[:270] if generator.random() < 0.8 else known)
                for _ in range(generator.randint(0, 10))
            ]
            texts = [tokenizer.decode(ids, skip_special_tokens=skip) for skip in (False, True)]
            decoded.append([ids] + texts)
        result.append(
            {
                "name": name,
                "base": file,
                "changes": changes,
                "ids": [tokenizer.encode(text).ids for text in TEXTS],
                "decoded": decoded,
            }
        )
    write("variants.json", result)
    write("conversations.json", conversations(base))
    if len(sys.argv) > 1:
        write("published.json", published(pathlib.Path(sys.argv[1])))


if __name__ == "__main__":
    main()
