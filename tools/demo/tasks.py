"""Single turns: a question of some kind, how a person may type it, and the one right reply."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from functools import cache

from . import facts, phrases_en, phrases_ja, replies
from .countries import ALIASES, COUNTRIES
from .other import other_question
from .splits import held_out, pick

PHRASES = {"en": phrases_en, "ja": phrases_ja}
COMPUTED = ("arithmetic", "count", "repeat", "upper", "remember", "system", "other")
TAUGHT = ("greet", "about", "capital", "opposite", "translate")
KINDS = COMPUTED + TAUGHT
_FIXED = ("hello", "how", "thanks", "bye", "about")
_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_UPPER_KINDS = ("name", "word", "word", "word", "word", "fact", "fact")
_WIDE = str.maketrans("0123456789+-=", "０１２３４５６７８９＋－＝")


@dataclass(frozen=True)
class Turn:
    """A user's message and the reply to learn.

    Attributes:
        kind: one of ``KINDS``.
        user: the message, as typed.
        reply: the only right reply.
        keys: what must be unseen for the turn to count as held out (words, pairs of numbers).
    """

    kind: str
    user: str
    reply: str
    keys: tuple[str, ...] = ()


@dataclass
class Setting:
    """What a conversation has fixed so far.

    Attributes:
        style: of "word", "ja", "caps": the instructions in force.
        name: the name told, if any.
        colour: the colour told, if any.
        held: operands come from the evaluation's side.
        unseen: phrasings come from the evaluation's side.
    """

    style: frozenset[str] = frozenset()
    name: str | None = None
    colour: str | None = None
    held: bool = False
    unseen: bool = False
    keys: dict[str, str] = field(default_factory=dict)


def in_words(number: int) -> str:
    if number < 20:
        return _ONES[number]
    tens = _TENS[number // 10 - 2]
    return tens if number % 10 == 0 else f"{tens}-{_ONES[number % 10]}"


def as_typed(rng: random.Random, phrase: str, lang: str) -> str:
    """A phrasing with the small liberties that people take; ``{fields}`` stay as they are."""
    if lang == "ja":
        if rng.random() < 0.08:
            phrase = rng.choice(phrases_ja.BEFORE) + phrase
        way = rng.random()
        if way < 0.12:
            phrase = phrase.rstrip("。？！")
        elif way < 0.2:
            phrase = phrase.replace("？", "?").replace("！", "!")
        return phrase
    if rng.random() < 0.1:
        before = rng.choice(phrases_en.BEFORE)
        keep = phrase[:1] == "{" or phrase[:2] in ("I ", "I'")
        phrase = before + (phrase if keep else phrase[:1].lower() + phrase[1:])
    if rng.random() < 0.2:
        phrase = phrase.rstrip(".?!")
    if rng.random() < 0.06:
        phrase = phrase.rstrip(".?!") + rng.choice(phrases_en.AFTER)
    if rng.random() < 0.15:
        phrase = phrase.lower()
    elif rng.random() < 0.04:
        parts = re.split(r"(\{\w\})", phrase)
        phrase = "".join(p if p.startswith("{") else p.upper() for p in parts)
    return phrase


def _phrase(rng: random.Random, kind: str, lang: str, unseen: bool) -> str:
    module = PHRASES[lang]
    available = unseen and kind in module.UNSEEN
    return as_typed(rng, rng.choice(module.phrasings(kind, available)), lang)


def _bare(text: str) -> str:
    """A text without case, punctuation and spaces, for comparing."""
    return re.sub(r"[^\w]", "", text.lower())


@cache
def _kept_small_talk(kind: str, lang: str) -> tuple[str, ...]:
    return tuple(_bare(p) for p in PHRASES[lang].phrasings(kind, unseen=True))


def _small_talk(rng: random.Random, kind: str, lang: str, unseen: bool) -> str:
    """A greeting, thanks, a goodbye or a question about the model.

    In training nothing that contains one of the phrasings kept for the evaluation.
    """
    if unseen:
        return _phrase(rng, kind, lang, unseen=True)
    while True:
        text = _phrase(rng, kind, lang, unseen=False)
        if lang == "en" and kind in phrases_en.LEADS:
            if rng.random() < 0.25 and len(text) < 26:
                stem = text.rstrip(".!?")
                text = f"{stem}, {rng.choice(phrases_en.ADDRESSEES)}{text[len(stem) :] or '!'}"
            if rng.random() < 0.25:
                text = f"{rng.choice(phrases_en.LEADS[kind])}, {text[:1].lower()}{text[1:]}"
            if rng.random() < 0.15:
                tail = rng.choice(phrases_en.TAILS[kind])
                text = f"{text.rstrip('.!?')}{rng.choice((', ', '. ', '! '))}{tail}"
        bare = _bare(text)
        if not any(kept in bare for kept in _kept_small_talk(kind, lang)):
            return text


def _sum(rng: random.Random, lang: str, out: str, word: bool, s: Setting) -> tuple[str, str, str]:
    while True:
        a, b, sign = rng.randint(0, 99), rng.randint(0, 99), rng.choice("+-")
        if rng.random() < 0.12:
            a, b = a % 13, b % 13
        if held_out(key := f"{a}{sign}{b}") == s.held:
            break
    phrase = _phrase(rng, "add" if sign == "+" else "subtract", lang, s.unseen)
    left, right = str(a), str(b)
    if lang == "en" and rng.random() < 0.06:
        left, right = in_words(a), in_words(b)
    user = phrase.format(a=left, b=right)
    if lang == "ja" and rng.random() < 0.1:
        user = user.translate(_WIDE)
    return user, replies.sum_of(a, b, sign, out, word), key


def _count(rng: random.Random, lang: str, out: str, word: bool, s: Setting) -> tuple[str, str, str]:
    del out, word  # counting is the same in both languages, and never one word
    while True:
        a = rng.randint(0, 99) if rng.random() < 0.7 else rng.randint(0, 12)
        length = rng.randint(2, 12) if rng.random() < 0.85 else rng.randint(13, 21)
        b = a + length if rng.random() < 0.7 else a - length
        if 0 <= b <= 99 and held_out(key := f"{a}..{b}") == s.held:
            break
    kind = "count"
    if a == 1 and b > a and rng.random() < 0.4:
        kind = "count_to"
    elif b < a and rng.random() < 0.6:
        kind = "count_down"
    return _phrase(rng, kind, lang, s.unseen).format(a=a, b=b), replies.numbers(a, b), key


def _word_case(rng: random.Random, word: str) -> str:
    way = rng.random()
    if way < 0.78 or not word.isascii():
        return word
    if way < 0.92:
        return word.capitalize()
    if way < 0.96:
        return word.upper()
    return "".join(rng.choice((c, c.upper())) for c in word)


def _repeat(rng: random.Random, lang: str, s: Setting) -> tuple[str, str, str]:
    kind = "word_ja" if lang == "ja" and rng.random() < 0.6 else "word"
    x = _word_case(rng, pick(rng, kind, s.held, 0.6))
    n = rng.randint(2, 10) if rng.random() < 0.5 else rng.randint(2, 5)
    phrase = _phrase(rng, "repeat", lang, s.unseen)
    times = str(n)
    if lang == "en" and rng.random() < 0.45:
        times = _ONES[n]
        if n == 2 and "{n} times" in phrase:
            phrase, times = phrase.replace("{n} times", "{n}"), "twice"
    return phrase.format(x=x, n=times), " ".join([x] * n), x.lower()


def _upper(rng: random.Random, lang: str, s: Setting) -> tuple[str, str, tuple[str, ...]]:
    count = 1 if rng.random() < 0.9 else rng.randint(2, 3)
    words = [pick(rng, rng.choice(_UPPER_KINDS), s.held, 0.7) for _ in range(count)]
    x = " ".join(_word_case(rng, w) for w in words)
    phrase = _phrase(rng, "upper", lang, s.unseen)
    return phrase.format(x=x), x.upper(), tuple(w.lower() for w in words)


def _style_allows(s: Setting, kind: str, x: str) -> bool:
    """With an instruction in force, one fact in sixteen is kept for the evaluation."""
    if not s.style:
        return True
    return held_out("|".join((*sorted(s.style), kind, x)), one_in=16) == s.held


def _capital(
    rng: random.Random, lang: str, out: str, word: bool, s: Setting
) -> tuple[str, str, str]:
    while not _style_allows(s, "capital", (country := rng.choice(COUNTRIES)).name):
        pass
    asked = country.name_ja
    if lang == "en":
        asked = country.name
        others = [alias for alias, name in ALIASES.items() if name == country.name]
        if others and rng.random() < 0.4:
            asked = rng.choice(others)
    user = _phrase(rng, "capital", lang, s.unseen).format(x=asked)
    if lang == "en":
        if (way := rng.random()) < 0.15:
            user = user.lower() if way < 0.12 else user.upper()
        user = user[:1].upper() + user[1:] if user.startswith("the ") else user
    return user, replies.capital_of(country.name, out, word), country.name


def _opposite(
    rng: random.Random, lang: str, out: str, word: bool, s: Setting
) -> tuple[str, str, str]:
    table = facts.OPPOSITES if lang == "en" else facts.OPPOSITES_JA
    backwards = {b: a for a, b in table}
    forwards = dict(table)
    while True:
        a, b = rng.choice(table)
        # backwards only where the right-hand word has no other opposite in the table
        if rng.random() < 0.5 and b not in forwards and sum(y == b for _, y in table) == 1:
            a, b = b, backwards[b]
        if _style_allows(s, "opposite", a):
            break
    user = _phrase(rng, "opposite", lang, s.unseen).format(x=a)
    return user, replies.opposite_of(a, b, out, word), a


def _translate(
    rng: random.Random, lang: str, out: str, word: bool, s: Setting
) -> tuple[str, str, str]:
    while not _style_allows(s, "translate", (pair := rng.choice(facts.TRANSLATIONS))[0]):
        pass
    english, japanese = pair
    if rng.random() < 0.5:
        asked = english.capitalize() if rng.random() < 0.06 else english
        user = _phrase(rng, "to_japanese", lang, s.unseen).format(x=asked)
        return user, replies.translation_of(asked, japanese, "ja", out, word), english
    user = _phrase(rng, "to_english", lang, s.unseen).format(x=japanese)
    return user, replies.translation_of(japanese, english, "en", out, word), english


def _colour_in(colour: str, out: str) -> str:
    """A known colour in the language of the reply; any other as it was told."""
    if out == "ja":
        return facts.COLOURS.get(colour.lower(), colour)
    return {ja: en for en, ja in facts.COLOURS.items()}.get(colour, colour)


def tell(rng: random.Random, what: str, lang: str, s: Setting) -> Turn:
    """The user tells a name or a colour; it is noted in the setting."""
    out, word = ("ja" if "ja" in s.style else lang), "word" in s.style
    kind = "name" if what == "name" else "colour"
    if lang == "ja" and rng.random() < 0.85:
        kind += "_ja"
    x = pick(rng, kind, s.held, 0.5 if what == "name" else 0.25)
    phrase = _phrase(rng, f"tell_{what}", lang, s.unseen)
    if what == "name":
        if lang == "en" and rng.random() < 0.08 and "name" in phrase:
            x = x.lower()
        s.name = x
        reply = replies.met(x, out, word)
    else:
        if phrase.startswith("{x}") and lang == "en":
            phrase = "I think " + phrase
        s.colour = x
        reply = replies.liked(_colour_in(x, out), out, word)
    s.keys[what] = x.lower()
    return _turn("remember", phrase.format(x=x), reply, s, (x.lower(),))


def tell_both(rng: random.Random, lang: str, s: Setting) -> Turn:
    """The user tells name and colour in one message."""
    out, word = ("ja" if "ja" in s.style else lang), "word" in s.style
    end = "_ja" if lang == "ja" else ""
    s.name, s.colour = pick(rng, f"name{end}", s.held, 0.5), pick(rng, f"colour{end}", s.held, 0.25)
    s.keys["name"], s.keys["colour"] = s.name.lower(), s.colour.lower()
    phrase = as_typed(rng, rng.choice(PHRASES[lang].TELL_BOTH.split("|")), lang)
    reply = replies.met_and_liked(s.name, _colour_in(s.colour, out), out, word)
    keys = (s.keys["name"], s.keys["colour"])
    return _turn("remember", phrase.format(x=s.name, y=s.colour), reply, s, keys)


def ask_back(rng: random.Random, what: str, lang: str, s: Setting) -> Turn:
    """The user asks for the name or colour that was told, or never was."""
    out, word = ("ja" if "ja" in s.style else lang), "word" in s.style
    user = _phrase(rng, f"ask_{what}", lang, s.unseen)
    value = s.name if what == "name" else s.colour
    if value is None:
        return _turn("remember", user, replies.fixed(f"unknown_{what}", out, word), s, ())
    if what == "name":
        reply = replies.name_is(value, out, word)
    else:
        reply = replies.colour_is(_colour_in(value, out), out, word)
    return _turn("remember", user, reply, s, (s.keys[what],))


def _turn(kind: str, user: str, reply: str, s: Setting, keys: tuple[str, ...]) -> Turn:
    reply = reply.upper() if "caps" in s.style else reply
    return Turn(kind, user.strip(), reply, keys)


def make(rng: random.Random, kind: str, lang: str, s: Setting) -> Turn:
    """A turn of a kind.

    Args:
        rng: the source of all choices.
        kind: one of ``KINDS`` but "system", or a fixed reply ("hello", "how", "thanks", "bye").
        lang: the language the user writes, "en" or "ja".
        s: the setting; ``tell`` and ``ask_back`` keep what was told in it.
    """
    out, word = ("ja" if "ja" in s.style else lang), "word" in s.style
    if kind == "remember":
        if s.name is None and s.colour is None and rng.random() < 0.2:
            return tell_both(rng, lang, s)
        what = rng.choice(("name", "name", "colour"))
        known = s.name if what == "name" else s.colour
        if known is None and rng.random() < 0.85:
            return tell(rng, what, lang, s)
        if known is not None and rng.random() < 0.1:
            return tell(rng, what, lang, s)
        return ask_back(rng, what, lang, s)
    if kind == "greet":
        kind = rng.choice(("hello", "hello", "how", "thanks", "bye"))
    if kind in _FIXED:
        user = _small_talk(rng, kind, lang, s.unseen)
        name = "about" if kind == "about" else "greet"
        return _turn(name, user, replies.fixed(kind, out, word), s, ())
    if kind == "other":
        user = other_question(rng, lang, s.held, s.unseen)
        return _turn("other", user, replies.fixed("other", out, word), s, ())
    if kind in ("repeat", "upper"):
        user, reply, key = (_repeat if kind == "repeat" else _upper)(rng, lang, s)
    else:
        maker = {
            "arithmetic": _sum,
            "count": _count,
            "capital": _capital,
            "opposite": _opposite,
            "translate": _translate,
        }[kind]
        user, reply, key = maker(rng, lang, out, word, s)
    return _turn(kind, user, reply, s, key if isinstance(key, tuple) else (key,))
