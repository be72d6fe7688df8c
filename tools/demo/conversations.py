"""Conversations of one to eight turns in Gemma 3's format, for tuning and for the evaluation."""

from __future__ import annotations

import random
from dataclasses import dataclass

from . import phrases_en, phrases_ja
from .tasks import Setting, Turn, ask_back, make, tell, tell_both

_WEIGHTS = {
    "arithmetic": 0.2,
    "count": 0.08,
    "repeat": 0.1,
    "upper": 0.13,
    "capital": 0.11,
    "opposite": 0.06,
    "translate": 0.11,
    "greet": 0.06,
    "about": 0.025,
    "other": 0.13,
    "remember": 0.08,
}
_STYLES = (
    ((), 0.58),
    (("word",), 0.13),
    (("ja",), 0.1),
    (("caps",), 0.12),
    (("word", "ja"), 0.02),
    (("word", "caps"), 0.02),
    (("caps", "ja"), 0.01),
    (("none",), 0.03),
)
_MODULES = {"en": phrases_en, "ja": phrases_ja}


@dataclass(frozen=True)
class Conversation:
    """Turns, and the system instruction at the head of the first one (empty for none)."""

    turns: tuple[Turn, ...]
    system: str = ""

    def pieces(self) -> list[tuple[str, bool]]:
        """The text behind ``<bos>`` in Gemma 3's format, in pieces.

        Returns:
            (text, learnt) pairs: only what the model says, ``<end_of_turn>`` included, is learnt.
        """
        out: list[tuple[str, bool]] = []
        for i, turn in enumerate(self.turns):
            user = f"{self.system}\n\n{turn.user}" if i == 0 and self.system else turn.user
            before = "\n" if i else ""
            head = f"{before}<start_of_turn>user\n{user}<end_of_turn>\n<start_of_turn>model\n"
            out += [(head, False), (f"{turn.reply}<end_of_turn>", True)]
        return out

    def prompt(self) -> str:
        """The text behind ``<bos>`` up to where the last reply begins."""
        return "".join(text for text, _ in self.pieces()[:-1])


def system_text(rng: random.Random, style: tuple[str, ...], lang: str) -> str:
    """A system instruction that asks for a style; the first phrasing of each is the usual one."""
    chosen = []
    for one in style:
        listed = _MODULES[lang].SYSTEMS[one].split("|")
        chosen.append(listed[0] if rng.random() < 0.5 and one != "none" else rng.choice(listed))
    rng.shuffle(chosen)
    return ("" if lang == "ja" else " ").join(chosen)


def _turn_count(rng: random.Random) -> int:
    way = rng.random()
    return 1 if way < 0.42 else rng.randint(2, 4) if way < 0.75 else rng.randint(5, 9)


def _language(rng: random.Random) -> str:
    return "ja" if rng.random() < 0.36 else "en"


def train_conversation(rng: random.Random) -> Conversation:
    """One conversation of the tuning set."""
    main = _language(rng)
    style = rng.choices([s for s, _ in _STYLES], [w for _, w in _STYLES])[0]
    system = ""
    if style:
        spoken = main if rng.random() < 0.75 else _language(rng)
        system = system_text(rng, style, spoken)
    in_force = frozenset(style) - {"none"}
    setting = Setting(style=in_force)
    count = _turn_count(rng)
    plan: dict[int, tuple[str, str]] = {}
    if count > 1 and rng.random() < 0.55:  # told early, asked late
        for what in rng.choice((("name",), ("name",), ("colour",), ("name", "colour"))):
            early, late = sorted(rng.sample(range(count), 2))
            if rng.random() < 0.5:
                late = count - 1
            if early < late and early not in plan and late not in plan:
                plan[early], plan[late] = ("tell", what), ("ask", what)
    turns = []
    for i in range(count):
        lang = main if rng.random() < 0.92 else _language(rng)
        setting.style = in_force
        if i in plan:
            act, what = plan[i]
            if (
                act == "tell"
                and setting.name is None
                and setting.colour is None
                and rng.random() < 0.12
            ):
                turns.append(tell_both(rng, lang, setting))
                continue
            turns.append((tell if act == "tell" else ask_back)(rng, what, lang, setting))
            continue
        kind = rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
        inline = not in_force and kind not in ("count", "repeat", "upper") and rng.random() < 0.03
        if inline:  # the instruction stands behind one question, and holds for that one
            asked = rng.choice(("word", "ja", "caps"))
            setting.style = frozenset((asked,))
            turn = make(rng, kind, lang, setting)
            joiner = "" if lang == "ja" else " "
            user = turn.user + joiner + system_text(rng, (asked,), lang)
            turn = Turn(turn.kind, user, turn.reply, turn.keys)
        else:
            turn = make(rng, kind, lang, setting)
        turns.append(turn)
    return Conversation(tuple(turns), system)


def held_out_conversation(rng: random.Random, kind: str) -> Conversation:
    """A conversation whose last turn is a held-out question of ``kind``.

    Args:
        rng: the source of all choices.
        kind: one of ``tasks.KINDS``.
    """
    lang = "ja" if rng.random() < 0.3 else "en"
    taught = kind in ("greet", "about", "capital", "opposite", "translate")
    if kind == "system":
        style = rng.choice((("word",), ("ja",), ("caps",)))
        asked = rng.choice(
            (
                "arithmetic",
                "capital",
                "opposite",
                "translate",
                "upper",
                "hello",
                "other",
                "remember",
            )
        )
        if asked == "upper" and style == ("word",):
            asked = "arithmetic"
        setting = Setting(style=frozenset(style), held=True, unseen=asked in ("hello", "other"))
        if asked == "remember":
            what = rng.choice(("name", "colour"))
            turns = [tell(rng, what, lang, setting), ask_back(rng, what, lang, setting)]
        else:
            turns = [make(rng, asked, lang, setting)]
        return Conversation(tuple(turns), _usual_system(style[0], lang))
    if kind == "remember":
        what = rng.choice(("name", "name", "colour"))
        setting = Setting(held=True)
        if rng.random() < 0.15:
            turns = [tell_both(rng, lang, setting)]
        else:
            turns = [tell(rng, what, lang, setting)]
        for _ in range(rng.choice((0, 0, 1, 2, 3, 4, 5))):
            fillers = [k for k in _WEIGHTS if k != "remember"]
            turns.append(make(rng, rng.choice(fillers), lang, Setting()))
        turns.append(ask_back(rng, what, lang, setting))
        return Conversation(tuple(turns))
    setting = Setting(held=not taught, unseen=taught or kind == "other")
    return Conversation((make(rng, kind, lang, setting),))


def _usual_system(style: str, lang: str) -> str:
    return _MODULES[lang].SYSTEMS[style].split("|")[0]
