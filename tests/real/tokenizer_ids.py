"""The token ids that the published ``tokenizer.json`` gives texts, by Hugging Face tokenizers.

    python tokenizer_ids.py TOKENIZER.json FOLDER

FOLDER holds ``asked.json``: a list of objects with ``texts`` and ``plain``, the added tokens that
are to be ordinary text in them. It gets ``ids.json``: a list of ids for each text, without a
``<bos>`` that no text spells. Runs in the environment of tests/parity/requirements.txt.
"""

import json
import sys
from pathlib import Path

from tokenizers import Tokenizer


def ids(published, texts, plain):
    """A list of ids for each text."""
    added = [one for one in published["added_tokens"] if one["content"] not in plain]
    value = {**published, "added_tokens": added, "post_processor": None}
    tokenizer = Tokenizer.from_str(json.dumps(value))
    return [one.ids for one in tokenizer.encode_batch(texts, add_special_tokens=False)]


def main():
    file, folder = map(Path, sys.argv[1:])
    published = json.loads(file.read_text(encoding="utf-8"))
    asked = json.loads((folder / "asked.json").read_text())
    answer = [ids(published, one["texts"], set(one["plain"])) for one in asked]
    (folder / "ids.json").write_text(json.dumps(answer))


if __name__ == "__main__":
    main()
