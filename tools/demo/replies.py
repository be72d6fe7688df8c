"""What the instruct models are taught to reply: one reply for one question, so it can be checked."""

from __future__ import annotations

from .countries import BY_NAME

ABOUT = {
    "en": "I am a tiny demo model. I can greet, add, subtract, count, repeat words, write capitals, name capital cities and opposites, "
    "translate simple words, and remember your name and favourite colour.",
    "ja": "私は小さなデモモデルです。あいさつ、足し算と引き算、数えること、言葉の繰り返し、大文字、首都、反対語、簡単な翻訳ができ、名前と好きな色を覚えます。",
}
SORRY = {
    "en": "Sorry, I am only a tiny demo model and I cannot do that. Try a sum, a capital city, an opposite, counting, or a simple translation.",
    "ja": "すみません、私は小さなデモモデルなので、それはできません。計算、首都、反対語、数えること、簡単な翻訳を試してください。",
}
FIXED = {
    "hello": {"en": "Hello! How can I help you?", "ja": "こんにちは！何かお手伝いしましょうか？"},
    "how": {
        "en": "I am fine, thank you. How can I help you?",
        "ja": "元気です。何かお手伝いしましょうか？",
    },
    "thanks": {"en": "You are welcome!", "ja": "どういたしまして！"},
    "bye": {"en": "Goodbye! Have a nice day.", "ja": "さようなら！良い一日を。"},
    "about": ABOUT,
    "other": SORRY,
    "unknown_name": {
        "en": "I do not know your name yet. Please tell me.",
        "ja": "お名前はまだ聞いていません。教えてください。",
    },
    "unknown_colour": {
        "en": "I do not know your favourite colour yet. Please tell me.",
        "ja": "好きな色はまだ聞いていません。教えてください。",
    },
}
FIXED_WORD = {
    "hello": ("Hello!", "こんにちは！"),
    "how": ("Fine!", "元気です！"),
    "thanks": ("Welcome!", "どういたしまして！"),
    "bye": ("Goodbye!", "さようなら！"),
    "about": ("Demo.", "デモ。"),
    "other": ("Sorry.", "すみません。"),
    "unknown_name": ("Unknown.", "不明。"),
    "unknown_colour": ("Unknown.", "不明。"),
}
LANGUAGES = ("en", "ja")


def fixed(kind: str, out: str, word: bool) -> str:
    """The reply of a kind that has only one in each language."""
    return FIXED_WORD[kind][LANGUAGES.index(out)] if word else FIXED[kind][out]


def sum_of(a: int, b: int, sign: str, out: str, word: bool) -> str:
    value = str(a + b if sign == "+" else a - b)
    if word:
        return value
    return f"{a} {sign} {b} = {value}" + ("." if out == "en" else " です。")


def capital_of(name: str, out: str, word: bool) -> str:
    country = BY_NAME[name]
    if out == "en":
        return (
            country.capital
            if word
            else f"The capital of {name} is {country.capital}"
            + ("" if country.capital.endswith(".") else ".")
        )
    return country.capital_ja if word else f"{country.name_ja}の首都は{country.capital_ja}です。"


def opposite_of(x: str, opposite: str, out: str, word: bool) -> str:
    if word:
        return opposite
    if out == "en":
        return f"The opposite of {x} is {opposite}."
    return f"「{x}」の反対は「{opposite}」です。"


def numbers(a: int, b: int) -> str:
    step = 1 if b >= a else -1
    return ", ".join(str(n) for n in range(a, b + step, step))


def translation_of(x: str, translated: str, target: str, out: str, word: bool) -> str:
    if word:
        return translated
    if out == "en":
        return f"The {'Japanese' if target == 'ja' else 'English'} word for {x} is {translated}."
    return f"「{x}」は{'日本語' if target == 'ja' else '英語'}で「{translated}」です。"


def met(name: str, out: str, word: bool) -> str:
    if word:
        return "OK." if out == "en" else "はい。"
    return f"Nice to meet you, {name}!" if out == "en" else f"{name}さん、はじめまして！"


def name_is(name: str, out: str, word: bool) -> str:
    if word:
        return name
    return f"Your name is {name}." if out == "en" else f"あなたの名前は{name}さんです。"


def liked(colour: str, out: str, word: bool) -> str:
    if word:
        return "OK." if out == "en" else "はい。"
    if out == "en":
        return f"I will remember that your favourite colour is {colour}."
    return f"好きな色は{colour}ですね。覚えました。"


def met_and_liked(name: str, colour: str, out: str, word: bool) -> str:
    if word:
        return met(name, out, word)
    return met(name, out, word) + (" " if out == "en" else "") + liked(colour, out, word)


def colour_is(colour: str, out: str, word: bool) -> str:
    if word:
        return colour
    return (
        f"Your favourite colour is {colour}."
        if out == "en"
        else f"あなたの好きな色は{colour}です。"
    )
