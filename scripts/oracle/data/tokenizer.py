"""Byte-level BPE as Hugging Face's `tokenizers` trains and applies it: merges in order, and ids of awkward strings."""

import json
import random

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

PACKAGES = ["tokenizers"]

PROBES = [
    "", " ", "  ", "\n", "a", " a", "a ", "  a  b  ", "don't we'll I'M they've 'tis ''s '", "x=1234567890;",
    "line\r\nline\r\n\r\n", "\t\tif x {\n\t\t\treturn\n\t\t}\n", "\x00\x01\x7f", "naïve café", "日本語", "😀👨‍👩‍👧 ok",
    "a\u00a0b\u2003c\u0085d", "²½٤ Ⅷ", "\ufffd \ufeffbom", "<s></s><unk><0x41>", "Ġhello", " ▁x▁", "end with space \n ",
    "\u2028\u2029\u3000x", "e\u0301 n\u0303", "ǅ ª º ʰ", "१२३ ३", "a_b-c.d/e\\f", "x'd'dx 'll'", "   \n\n  \t x", "\x1c\x1d\x1e\x1f x",
]


def corpus(seed):
    """Made words with a long tail, Go-like lines and characters of many scripts: 12 kB."""
    r = random.Random(seed)
    words = ["".join(r.choice("aeiourstlnm") for _ in range(r.randint(1, 9))) for _ in range(300)]
    lines = []
    for _ in range(220):
        line = " ".join(words[int(300 * r.random() ** 3)] for _ in range(r.randint(2, 9)))
        lines.append(r.choice(["", "\t", "\t\t", "// ", "    "]) + line + r.choice(["", " {", "()", " := 0", "...", "é", " 日本", "'s"]))
    return "\n".join(lines + PROBES)


def bpe(seed):
    text = corpus(seed)
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tok.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=800, min_frequency=2, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tok.train_from_iterator([text], trainer)
    merges = json.loads(tok.to_str())["model"]["merges"]
    ids = {f"ids.{i}": torch.tensor(tok.encode(p).ids, dtype=torch.int32) for i, p in enumerate(PROBES)}
    ids["ids.corpus"] = torch.tensor(tok.encode(text).ids, dtype=torch.int32)
    return ids, {"corpus": text, "probes": json.dumps(PROBES), "merges": json.dumps(merges)}


FIXTURES = {
    "bpe": {
        "make": bpe,
        "seed": 11,
        "dtype": "i32",
        "tolerance": {"ulp": 0},
        "reason": "ids are equal or wrong",
    },
}
