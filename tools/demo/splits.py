"""What is kept for the evaluation, decided by a hash, and words that nobody has seen."""

from __future__ import annotations

import random
import re
import zlib
from functools import cache

from . import facts, phrases_en, phrases_ja, topics
from .countries import COUNTRIES

_ONSETS = [
    "b",
    "c",
    "d",
    "f",
    "g",
    "h",
    "j",
    "k",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "t",
    "v",
    "w",
    "y",
    "z",
    "bl",
    "br",
    "ch",
    "cl",
    "cr",
    "dr",
    "fl",
    "fr",
    "gl",
    "gr",
    "pl",
    "pr",
    "sh",
    "sl",
    "sm",
    "sn",
    "sp",
    "st",
    "str",
    "sw",
    "th",
    "tr",
    "tw",
    "qu",
]
_VOWELS = [
    "a",
    "e",
    "i",
    "o",
    "u",
    "a",
    "e",
    "i",
    "o",
    "ai",
    "ea",
    "ee",
    "oo",
    "ou",
    "ie",
    "oa",
    "y",
]
_CODAS = [
    "",
    "",
    "",
    "n",
    "r",
    "l",
    "s",
    "t",
    "m",
    "d",
    "k",
    "p",
    "ck",
    "ll",
    "ng",
    "nd",
    "st",
    "x",
]
_KANA = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワンガギグゲゴザジズゼゾダデドバビブベボパピプペポ"
_HIRA = "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわがぎぐげござじずぜぞだでどばびぶべぼ"


def held_out(key: str, one_in: int = 8) -> bool:
    """Whether what ``key`` names is kept for the evaluation: one in eight, by its CRC-32."""
    return zlib.crc32(key.encode()) % one_in == 0


def words_of(text: str) -> list[str]:
    """The words of a text, lower case: letters and apostrophes, or runs of kana and kanji."""
    return re.findall(r"[a-z]+|[぀-ヿ一-鿿ー]+", text.lower())


@cache
def written_words() -> frozenset[str]:
    """Every word that this repository's own tables and phrases use (so none can be unseen)."""
    parts: list[str] = [*phrases_en.texts(), *phrases_ja.texts(), *topics.texts()]
    for country in COUNTRIES:
        parts.extend(country)
    for table in (facts.OPPOSITES, facts.OPPOSITES_JA, facts.TRANSLATIONS, facts.COLOURS.items()):
        for pair in table:
            parts.extend(pair)
    return frozenset(word for part in parts for word in words_of(part))


def word_is_held_out(word: str) -> bool:
    low = word.lower()
    return held_out(low) and low not in written_words()


def _fact_words() -> list[str]:
    """Single words of the taught facts, which also have to be spelt in capitals."""
    words = [word for pair in facts.OPPOSITES for word in pair]
    words += [word for c in COUNTRIES for word in (c.name, c.capital) if word.isalpha()]
    return words + [w for w, _ in facts.TRANSLATIONS if " " not in w]


@cache
def _pool(kind: str, held: bool) -> tuple[str, ...]:
    source = {
        "word": [*facts.WORDS, *(w for w, _ in facts.TRANSLATIONS if " " not in w)],
        "fact": _fact_words(),
        "name": facts.NAMES,
        "name_ja": facts.NAMES_JA,
        "colour": [*facts.COLOURS, *facts.MORE_COLOURS],
        "colour_ja": [*facts.COLOURS.values(), *facts.MORE_COLOURS_JA],
        "word_ja": [ja for _, ja in facts.TRANSLATIONS],
    }[kind]
    return tuple(w for w in dict.fromkeys(source) if word_is_held_out(w) == held)


@cache
def _fragments() -> tuple[tuple[str, ...], tuple[str, ...]]:
    words = sorted(w for w in written_words() if w.isascii() and w.isalpha() and len(w) > 3)
    words += sorted(w.lower() for w in facts.NAMES if not word_is_held_out(w))
    words += sorted(w for w in facts.WORDS if not word_is_held_out(w))
    heads = tuple(w[:k] for w in words for k in range(2, len(w)))
    tails = tuple(w[k:] for w in words for k in range(1, len(w) - 1))
    return heads, tails


def _invented(rng: random.Random) -> str:
    way = rng.random()
    if way < 0.45:
        count = rng.choice((1, 2, 2, 2, 3))
        return "".join(
            rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_CODAS) for _ in range(count)
        )[:14]
    if way < 0.9:
        heads, tails = _fragments()
        return (rng.choice(heads) + rng.choice(tails))[:14]
    return "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(3, 10)))


def invented_word(rng: random.Random, held: bool) -> str:
    """A word that looks like English, from the training's or the evaluation's side."""
    while True:
        word = _invented(rng)
        if len(word) > 2 and word not in written_words() and word_is_held_out(word) == held:
            return word


def invented_kana(rng: random.Random, held: bool) -> str:
    """The same in katakana or hiragana."""
    while True:
        letters = _KANA if rng.random() < 0.6 else _HIRA
        # long enough, when held out, not to turn up inside another one
        word = "".join(rng.choices(letters, k=rng.randint(5, 6) if held else rng.randint(2, 6)))
        if word[0] == "ン" or word_is_held_out(word) != held:
            continue
        if held or not any(kept in word for kept in _kanji()[1]):
            return word


@cache
def _kanji() -> tuple[str, frozenset[str]]:
    """The kanji of the tables, and the listed words that made-up ones must not contain."""
    listed = [*facts.NAMES_JA, *facts.MORE_COLOURS_JA, *(ja for _, ja in facts.TRANSLATIONS)]
    letters = sorted({c for w in listed for c in w if "一" <= c <= "鿿"})
    kept = frozenset(w for w in (*facts.NAMES_JA, *facts.MORE_COLOURS_JA) if word_is_held_out(w))
    return "".join(letters), kept


def invented_kanji(rng: random.Random) -> str:
    """Two or three kanji, for the training's side: so that every one is learnt to be copied."""
    letters, kept = _kanji()
    while True:
        word = "".join(rng.choices(letters, k=rng.choice((1, 2, 2, 2, 3))))
        if not word_is_held_out(word) and not any(k in word for k in kept):
            return word


def pick(rng: random.Random, kind: str, held: bool, invented: float) -> str:
    """A word of a kind, listed or (with probability ``invented``) made up."""
    pool = _pool(kind, held)
    if not pool or rng.random() < invented:
        if kind.endswith("_ja"):
            if not held and rng.random() < 0.35:
                return invented_kanji(rng) + ("色" if kind == "colour_ja" else "")
            return invented_kana(rng, held)
        word = invented_word(rng, held)
        return word.capitalize() if kind == "name" else word
    return rng.choice(pool)
