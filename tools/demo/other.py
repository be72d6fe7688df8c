"""Questions that the demo models are not made for: their reply says so."""

from __future__ import annotations

import random

from . import topics
from .splits import held_out, invented_word, word_is_held_out, words_of

_TONGUES = [
    "French",
    "German",
    "Spanish",
    "Italian",
    "Korean",
    "Chinese",
    "Russian",
    "Arabic",
    "Latin",
    "Dutch",
    "Portuguese",
]
_TONGUES_JA = ["フランス語", "ドイツ語", "スペイン語", "韓国語", "中国語", "ロシア語"]


def _loosely(rng: random.Random, text: str) -> str:
    """The small liberties of typing, on a whole question."""
    if rng.random() < 0.15:
        text = text.rstrip(".?!。？！") or text
    if rng.random() < 0.15:
        text = text.lower()
    return text


def _request(rng: random.Random, lang: str, unseen: bool) -> str:
    end = "_JA" if lang == "ja" else ""
    tail = "_UNSEEN" if unseen else ""
    phrase = rng.choice(topics.listed(f"REQUESTS{end}{tail}"))
    pool = topics.listed(f"TOPICS{end}{tail if rng.random() < 0.5 else ''}")
    return phrase.format(t=rng.choice(pool), u=rng.choice(pool))


def _out_of_reach(rng: random.Random, lang: str, held: bool) -> str:
    """Close to what the models can do, but beyond it."""
    big, a, b = rng.randint(100, 9999), rng.randint(2, 99), rng.randint(2, 99)
    word = invented_word(rng, held)
    if lang == "ja":
        return rng.choice(
            (
                f"{a} × {b} は？",
                f"{a} ÷ {b} は？",
                f"{big} + {b} は？",
                f"{a}かける{b}は？",
                f"{a}と{big}を足してください。",
                f"1から{big}まで数えて",
                f"{rng.choice(topics.listed('TOPICS_JA'))}の首都は？",
                f"{rng.choice(topics.listed('TOPICS_JA'))}を{rng.choice(_TONGUES_JA)}に訳してください。",
                f"{word}は日本語で何ですか？",
                f"「{word}」の反対は？",
            )
        )
    return rng.choice(
        (
            f"What is {a} * {b}?",
            f"What is {a} times {b}?",
            f"{a} x {b}",
            f"{a} * {b}",
            f"{a} / {b}",
            f"What is {a} divided by {b}?",
            f"Multiply {a} by {b}.",
            f"What is {big} + {b}?",
            f"What is {a} + {big}?",
            f"{big} - {b}",
            f"What is {big} minus {a}?",
            f"What is {a}.{b % 10} + {b}?",
            f"Count from 1 to {big}.",
            f"Count from {a} to {big}.",
            f"What is the capital of {rng.choice(topics.listed('NOT_COUNTRIES'))}?",
            f"What is the capital of {word.capitalize()}?",
            f"Capital of {rng.choice(topics.listed('NOT_COUNTRIES'))}?",
            f"What is the opposite of {rng.choice(topics.listed('NO_OPPOSITE'))}?",
            f"What is the opposite of {word}?",
            f"Translate {word} into Japanese.",
            f"How do you say {word} in Japanese?",
            f"Translate {word} into {rng.choice(_TONGUES)}.",
            f"How do you say {rng.choice(topics.listed('NO_OPPOSITE'))} in {rng.choice(_TONGUES)}?",
            f"Translate {rng.choice(topics.listed('NO_OPPOSITE'))} into {rng.choice(_TONGUES)}.",
            f"What does {word} mean?",
            f"What is {word}?",
            f"Who is {word.capitalize()}?",
            f"I am {rng.choice(topics.listed('MOODS'))}.",
            f"I'm {rng.choice(topics.listed('MOODS'))}.",
        )
    )


def _nonsense(rng: random.Random, held: bool) -> str:
    words = [invented_word(rng, held) for _ in range(rng.randint(1, 5))]
    while rng.random() < 0.25:
        mashed = "".join(rng.choices("asdfjklqwertyzxcvbnm;/.,", k=rng.randint(3, 12)))
        if all(word_is_held_out(part) == held for part in words_of(mashed)):
            words.append(mashed)
    return " ".join(words) + rng.choice(("", "", ".", "?", "!"))


def _paragraph(rng: random.Random, lang: str) -> str:
    sentences = topics.listed("SENTENCES_JA" if lang == "ja" else "SENTENCES")
    count = rng.randint(1, 4) if rng.random() < 0.7 else rng.randint(5, 12)
    joiner = "" if lang == "ja" else " "
    text = joiner.join(rng.choice(sentences) for _ in range(count))
    closer = rng.choice(topics.listed("CLOSERS")) if lang == "en" else "要約してください。"
    way = rng.random()
    if way < 0.25:
        return f"{text}\n\n{closer}"
    if way < 0.5:
        return f"{closer}{joiner}{text}"
    return text


def _question(rng: random.Random, lang: str, held: bool, unseen: bool) -> str:
    tail = "_UNSEEN" if unseen else ""
    way = rng.random()
    if way < 0.4:
        return _loosely(rng, _request(rng, lang, unseen))
    if way < 0.65:
        end = "_JA" if lang == "ja" else ""
        return _loosely(rng, rng.choice(topics.listed(f"PROMPTS{end}{tail}")))
    if way < 0.83:
        return _loosely(rng, _out_of_reach(rng, lang, held))
    if way < 0.92:
        return _paragraph(rng, lang)
    if lang == "ja":
        return _request(rng, lang, unseen)
    if way < 0.96:
        return rng.choice(topics.listed(f"OTHER_LANGUAGES{tail}"))
    return _nonsense(rng, held)


def other_question(rng: random.Random, lang: str, held: bool, unseen: bool) -> str:
    """Something outside what the models are taught.

    Args:
        rng: the source of all choices.
        lang: "en" or "ja"; some English ones are in further languages.
        held: made-up words come from the evaluation's side, and so does the whole question.
        unseen: phrasings and topics come from the evaluation's side.
    """
    while True:
        text = _question(rng, lang, held, unseen)
        listed = unseen and text in _unseen_texts()
        if listed or held_out(f"other {text.lower()}") == held:
            return text


def _unseen_texts() -> frozenset[str]:
    names = ("PROMPTS_UNSEEN", "PROMPTS_JA_UNSEEN", "OTHER_LANGUAGES_UNSEEN")
    return frozenset(text for name in names for text in topics.listed(name))
