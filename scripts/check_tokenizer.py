"""Checks our BPE against Hugging Face's on a text file of any size: the same merges when trained, and our tokenizer.json,
read by `tokenizers` and by `transformers`, the same ids as ours and the same text back.

    python scripts/check_tokenizer.py TEXT [VOCAB]

Needs the packages tokenizers, transformers and numpy, and Go. The text must be UTF-8.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main():
    path = pathlib.Path(sys.argv[1]).resolve()
    vocab = int(sys.argv[2]) if len(sys.argv) > 2 else 4096
    text = path.read_bytes().decode()
    with tempfile.TemporaryDirectory() as folder:
        command = ["go", "run", "./data/_gen/bpe", str(path), str(vocab), folder]
        subprocess.run(command, cwd=ROOT, check=True)
        ours = Tokenizer.from_file(folder + "/tokenizer.json")
        merges = json.loads(pathlib.Path(folder, "tokenizer.json").read_text())["model"]["merges"]
        ids = numpy.fromfile(folder + "/ids.i32", dtype="<i4")
        fast = transformers.AutoTokenizer.from_pretrained(folder)

    theirs = Tokenizer(models.BPE())
    theirs.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    theirs.train_from_iterator(
        [text], trainers.BpeTrainer(vocab_size=vocab - 1, min_frequency=2, initial_alphabet=alphabet, show_progress=False)
    )
    expected = [" ".join(m) for m in json.loads(theirs.to_str())["model"]["merges"]]
    checks = {
        f"{len(expected)} merges equal those of BpeTrainer": merges == expected,
        f"{len(ids)} ids equal those of tokenizers with our file": ours.encode(text).ids == ids.tolist(),
        "tokenizers decodes them to the text": ours.decode(ids.tolist()) == text,
        "transformers encodes alike": fast(text)["input_ids"] == ids.tolist(),
        "transformers knows the end token": fast.eos_token_id == vocab - 1,
    }
    for name, good in checks.items():
        print("ok  " if good else "FAIL", name)
    sys.exit(not all(checks.values()))


if __name__ == "__main__":
    main()
