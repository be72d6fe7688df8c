"""Plain documents for pretraining: prose, lists, tables, small stories, quiz sheets."""

from __future__ import annotations

import random

from . import facts, topics
from .countries import COUNTRIES, Country
from .other import other_question
from .splits import held_out, pick
from .tasks import Setting, make

_CREATURES = [
    "cat",
    "dog",
    "bird",
    "fish",
    "horse",
    "cow",
    "pig",
    "sheep",
    "mouse",
    "rabbit",
    "bear",
    "fox",
    "frog",
    "duck",
    "turtle",
    "bee",
]
_PLACES = [
    "park",
    "garden",
    "school",
    "library",
    "station",
    "market",
    "forest",
    "village",
    "river",
    "island",
    "bridge",
    "castle",
    "lake",
]
_THINGS = [
    "book",
    "key",
    "letter",
    "cake",
    "clock",
    "lamp",
    "hat",
    "umbrella",
    "bag",
    "picture",
    "pencil",
    "cup",
    "apple",
    "lemon",
    "flower",
]
_FEELINGS = ["happy", "sad", "hungry", "tired", "brave", "quiet", "proud", "cold", "warm", "lucky"]
_VERBS = [
    "found",
    "lost",
    "bought",
    "sold",
    "painted",
    "carried",
    "remembered",
    "forgot",
    "opened",
    "liked",
]
_CREATURES_JA = [
    "猫",
    "犬",
    "鳥",
    "魚",
    "馬",
    "牛",
    "羊",
    "うさぎ",
    "熊",
    "きつね",
    "かえる",
    "亀",
    "蜂",
]
_PLACES_JA = [
    "公園",
    "庭",
    "学校",
    "図書館",
    "駅",
    "森",
    "村",
    "川",
    "島",
    "橋",
    "城",
    "湖",
    "病院",
    "店",
]
_THINGS_JA = [
    "本",
    "鍵",
    "手紙",
    "ケーキ",
    "時計",
    "帽子",
    "傘",
    "鞄",
    "絵",
    "鉛筆",
    "りんご",
    "花",
]


def _country_prose(rng: random.Random, c: Country) -> str:
    other = rng.choice(COUNTRIES)
    name = c.name[0].upper() + c.name[1:]
    return " ".join(
        rng.sample(
            (
                f"The capital of {c.name} is {c.capital}.",
                f"{c.capital} is the capital of {c.name}.",
                f"{name} is a country. Its capital is {c.capital}.",
                f"The capital city of {c.name} is called {c.capital}.",
                f"In Japanese, {c.name} is called {c.name_ja} and its capital {c.capital_ja}.",
                f"People who visit {c.name} often see {c.capital} first.",
                f"The capital of {c.name} is {c.capital}, and the capital of {other.name} is {other.capital}.",
                f"Many visitors of {c.name} stay in {c.capital}, the capital.",
                f"The government of {c.name} sits in {c.capital}.",
            ),
            rng.randint(1, 4),
        )
    )


def _country_prose_ja(rng: random.Random, c: Country) -> str:
    other = rng.choice(COUNTRIES)
    return "".join(
        rng.sample(
            (
                f"{c.name_ja}の首都は{c.capital_ja}です。",
                f"{c.capital_ja}は{c.name_ja}の首都です。",
                f"{c.name_ja}は国です。その首都は{c.capital_ja}といいます。",
                f"{c.name_ja}は英語で{c.name}、首都の{c.capital_ja}は英語で{c.capital}です。",
                f"{c.name_ja}の首都は{c.capital_ja}で、{other.name_ja}の首都は{other.capital_ja}です。",
                f"{c.name_ja}に行く人は、まず{c.capital_ja}に行きます。",
            ),
            rng.randint(1, 3),
        )
    )


def _capital_list(rng: random.Random, lang: str) -> str:
    chosen = rng.sample(COUNTRIES, rng.randint(3, 9))
    if lang == "ja":
        return "\n".join(["国と首都", *(f"{c.name_ja}：{c.capital_ja}" for c in chosen)])
    head = rng.choice(("Countries and their capitals", "Capitals", "Country: capital"))
    mark = rng.choice(("- ", "* ", ""))
    return "\n".join([head, *(f"{mark}{c.name}: {c.capital}" for c in chosen)])


def _opposites(rng: random.Random, lang: str) -> str:
    table = facts.OPPOSITES_JA if lang == "ja" else facts.OPPOSITES
    chosen = rng.sample(table, rng.randint(1, 5))
    if lang == "ja":
        return "".join(
            rng.choice((f"「{a}」の反対は「{b}」です。", f"{a}と{b}は反対の言葉です。"))
            for a, b in chosen
        )
    return " ".join(
        rng.choice(
            (
                f"The opposite of {a} is {b}.",
                f"The opposite of {a} is {b}.",
                f"{a.capitalize()} and {b} are opposites.",
                f"What is not {a} may be {b}.",
                f"{b.capitalize()} is the opposite of {a}.",
            )
        )
        for a, b in chosen
    )


def _glossary(rng: random.Random) -> str:
    chosen = rng.sample(facts.TRANSLATIONS, rng.randint(2, 9))
    way = rng.randrange(5)
    if way == 0:
        return "\n".join(f"{en} - {ja}" for en, ja in chosen)
    if way == 1:
        return "\n".join(f"{ja}：{en}" for en, ja in chosen)
    if way == 2:
        return " ".join(f"The Japanese word for {en} is {ja}." for en, ja in chosen[:4])
    if way == 3:
        return " ".join(f"The English word for {ja} is {en}." for en, ja in chosen[:4])
    return "".join(
        rng.choice((f"「{en}」は日本語で「{ja}」です。", f"「{ja}」は英語で「{en}」です。"))
        for en, ja in chosen[:4]
    )


def _equation(rng: random.Random) -> str:
    while True:
        a, b, sign = rng.randint(0, 99), rng.randint(0, 99), rng.choice("+-")
        if not held_out(f"{a}{sign}{b}"):
            break
    value = a + b if sign == "+" else a - b
    way = rng.random()
    if way < 0.8:
        return f"{a} {sign} {b} = {value}"
    return f"{a} {'plus' if sign == '+' else 'minus'} {b} is {value}."


def _sums(rng: random.Random) -> str:
    return "\n".join(_equation(rng) for _ in range(rng.randint(3, 14)))


def _number_line(rng: random.Random) -> str:
    start, step = rng.randint(0, 90), rng.choice((1, 1, 1, 1, -1, -1, 2, 5, 10))
    line = [n for n in range(start, start + step * rng.randint(6, 30), step) if 0 <= n <= 130]
    return ", ".join(map(str, line))


def _word_lines(rng: random.Random) -> str:
    lines = []
    for _ in range(rng.randint(2, 6)):
        word = pick(rng, rng.choice(("word", "word", "name")), held=False, invented=0.7)
        way = rng.randrange(4)
        if way == 0:
            lines.append(" ".join([word] * rng.randint(2, 8)))
        elif way == 1:
            lines.append(f"{word} {word.upper()}")
        elif way == 2:
            lines.append(f"{word}: {'-'.join(word)}")
        else:
            lines.append(f"The word {word} in capital letters is {word.upper()}.")
    return "\n".join(lines)


def _story(rng: random.Random) -> str:
    name, friend = (
        pick(rng, "name", held=False, invented=0.4),
        pick(rng, "name", held=False, invented=0.2),
    )
    colour = pick(rng, "colour", held=False, invented=0.1)
    creature, place, thing = rng.choice(_CREATURES), rng.choice(_PLACES), rng.choice(_THINGS)
    sentences = [
        f"Once upon a time there was a {creature} called {name}.",
        f"{name} the {creature} lived near the {place}.",
        f"One day {name} went to the {place} with {friend}.",
        f"{name} {rng.choice(_VERBS)} a {colour} {thing}.",
        f'"My name is {name}," said the {creature}. "What is your name?"',
        f'"I am {friend}," said {friend}. "Nice to meet you, {name}!"',
        f"{name} was {rng.choice(_FEELINGS)} and {friend} was {rng.choice(_FEELINGS)}.",
        f"The favourite colour of {name} was {colour}.",
        f'"What is your favourite colour, {name}?" asked {friend}. "It is {colour}," said {name}.',
        f'"Thank you, {friend}," said {name}.',
        f"Then the {creature} saw a {rng.choice(_CREATURES)} in the {place}.",
        f"The {thing} was {colour} and {rng.choice(_FEELINGS)} people liked it.",
        f"In the evening {name} and {friend} went home.",
        f'"Goodbye, {friend}!" said {name}. "Goodbye, {name}!" said {friend}.',
    ]
    keep = sorted(rng.sample(range(len(sentences)), rng.randint(3, 9)))
    return " ".join(sentences[i] for i in keep)


def _story_ja(rng: random.Random) -> str:
    name, friend = (
        pick(rng, "name_ja", held=False, invented=0.4),
        pick(rng, "name_ja", held=False, invented=0.1),
    )
    colour = pick(rng, "colour_ja", held=False, invented=0.05)
    creature, place, thing = (
        rng.choice(_CREATURES_JA),
        rng.choice(_PLACES_JA),
        rng.choice(_THINGS_JA),
    )
    sentences = [
        f"昔々、{name}という{creature}がいました。",
        f"{name}は{place}の近くに住んでいました。",
        f"ある日、{name}は{friend}と{place}に行きました。",
        f"{name}は{colour}の{thing}を見つけました。",
        f"「私の名前は{name}です。あなたの名前は何ですか？」と{creature}は言いました。",
        f"「{friend}です。はじめまして、{name}さん。」と{friend}は言いました。",
        f"{name}さんの好きな色は{colour}です。",
        f"「ありがとう、{friend}さん。」と{name}は言いました。",
        f"夕方、{name}と{friend}は家に帰りました。",
        f"「さようなら、{friend}さん。」と{name}は言いました。",
    ]
    keep = sorted(rng.sample(range(len(sentences)), rng.randint(3, 7)))
    return "".join(sentences[i] for i in keep)


def _quiz(rng: random.Random, lang: str) -> str:
    """Questions below questions: a pretrained model learns to go on asking."""
    kinds = ("capital", "opposite", "translate", "arithmetic", "other", "about", "how")
    kind = rng.choice(kinds) if rng.random() < 0.6 else None
    lines = []
    for i in range(1, rng.randint(4, 11)):
        asked = kind or rng.choice(kinds)
        text = (
            other_question(rng, lang, held=False, unseen=False)
            if asked == "other"
            else make(rng, asked, lang, Setting()).user
        )
        lines.append(f"{i}. {text}" if rng.random() < 0.4 else text)
    if rng.random() < 0.3:
        lines.insert(0, "Questions" if lang == "en" else "問題")
    return "\n".join(lines)


def _paragraph(rng: random.Random, lang: str) -> str:
    pool = topics.listed("SENTENCES_JA" if lang == "ja" else "SENTENCES")
    joiner = "" if lang == "ja" else " "
    return joiner.join(rng.sample(pool, rng.randint(2, 8)))


def document(rng: random.Random) -> str:
    """One document of the pretraining text (about a third are Japanese)."""
    lang = "ja" if rng.random() < 0.33 else "en"
    way = rng.random()
    if way < 0.2:
        country = rng.choice(COUNTRIES)
        return _country_prose(rng, country) if lang == "en" else _country_prose_ja(rng, country)
    if way < 0.25:
        return _capital_list(rng, lang)
    if way < 0.32:
        return _opposites(rng, lang)
    if way < 0.42:
        return _glossary(rng)
    if way < 0.52:
        return _sums(rng)
    if way < 0.57:
        return _number_line(rng)
    if way < 0.67:
        return _word_lines(rng)
    if way < 0.84:
        return _story(rng) if lang == "en" else _story_ja(rng)
    if way < 0.94:
        return _quiz(rng, lang)
    return _paragraph(rng, lang)
