"""The settings beside a chat, and the tabs below it: prompts, the chat as JSON and as code."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from pprint import pformat
from typing import Any

import ipywidgets

from gemma_nb.catalog.variant import Variant
from gemma_nb.chat import Chat
from gemma_nb.errors import GemmaError, InvalidInput
from gemma_nb.generation.sampling import default_sampling
from gemma_nb.html_markup import Html, join, tag
from gemma_nb.i18n import text
from gemma_nb.prompts.formatting import format_prompt
from gemma_nb.widgets.base import controls, prompt_view
from gemma_nb.widgets.base.html import code_block
from gemma_nb.widgets.base.panel import Panel
from gemma_nb.widgets.base.sampling_sliders import SamplingSliders, label_slider, settings_grid
from gemma_nb.widgets.chat.conversation_view import TurnView

CHAT_TABS = ("none", "prompt", "json", "code")

#: The number of possible seeds.
_SEEDS = 2**32
#: data: URLs with more characters than this are shortened in the JSON that is shown.
_MAX_URL_SHOWN = 200


class ChatSettings:
    """Controls for the system text, for thinking, and for how tokens are sampled.

    They are folded until a button shows them. The labels are in the language in force.

    Args:
        chat: the chat whose system text and thinking the controls change.

    Attributes:
        fold_button: the button that shows and hides the controls; the panel places it.
        widget: the ipywidget with all the rest.
    """

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        model = chat.model
        sampling = default_sampling(model.variant)
        length = model.max_length
        self.sampling = SamplingSliders(sampling)
        self.length = ipywidgets.IntSlider(value=min(256, length), min=1, max=length)
        label_slider(self.length, "length")
        self.seed = controls.text_field(text("chat_seed"))
        sliders = self.sampling.by_name
        self.temperature, self.top_k, self.top_p = sliders.values()
        grid = settings_grid({**sliders, "length": self.length, "seed": self.seed})
        self.system = controls.text_area(text("chat_system"), chat.system or "", None, "gnb-area")
        self.thinking = controls.checkbox(text("chat_think"), value=chat.thinking)
        controls.set_visible(self.thinking, chat.thinking or _can_think(model.variant))
        self.widget = controls.column(self.system, self.thinking, grid, css_classes=("gnb-side",))
        self.fold_button = controls.button(
            text("chat_tab_settings"), lambda _: self._on_fold(), "gnb-fold"
        )
        controls.set_visible(self.widget, visible=False)
        self.system.observe(self._on_system, "value")
        self.thinking.observe(self._on_thinking, "value")

    def enable(self, enabled: bool) -> None:
        """Enables or disables what must not change while an answer is made."""
        for control in (self.system, self.thinking):
            if control.disabled is enabled:
                control.disabled = not enabled

    def show_system(self) -> None:
        """Shows the system prompt of the conversation that was chosen."""
        self.system.value = self._chat.system or ""

    def options(self) -> dict[str, Any]:
        """The keyword arguments for ``Chat.chunks``.

        Raises:
            InvalidInput: the seed is not a whole number from 0 to 2**32 - 1.
        """
        options: dict[str, Any] = {
            "max_new_tokens": self.length.value,
            **self.sampling.values(),
        }
        seed = self.seed.value.strip()
        if seed:
            if not seed.isdecimal() or not int(seed[:11]) < _SEEDS:
                raise InvalidInput("chat_bad_seed", value=seed[:40])
            options["seed"] = int(seed)
        return options

    def _on_fold(self) -> None:
        is_open = self.widget.layout.display != "none"
        controls.set_visible(self.widget, not is_open)
        controls.set_class(self.fold_button, "gnb-unfolded", not is_open)

    def _on_system(self, change: Any) -> None:
        self._chat.system = change["new"]

    def _on_thinking(self, change: Any) -> None:
        self._chat.thinking = change["new"]


def _can_think(variant: Variant) -> bool:
    try:
        format_prompt("?", variant, thinking=True)
    except InvalidInput:
        return False
    return True


class ChatTabs:
    """The tabs and their content.

    Args:
        panel: the panel that shows the tabs.
        chat: the conversation.
        turns: gives the turns so far.
        options: gives the keyword arguments for ``Chat.send``.
    """

    def __init__(
        self,
        panel: Panel,
        chat: Chat,
        turns: Callable[[], Sequence[TurnView]],
        options: Callable[[], dict[str, Any]],
    ) -> None:
        self._panel, self._chat, self._turns, self._options = panel, chat, turns, options
        names = [(text(f"chat_tab_{name}"), name) for name in CHAT_TABS]
        self.selector = controls.toggle_buttons(text("chat_tabs"), names, "none")
        self.turn = controls.dropdown(text("chat_turn"))
        self._turn_row = controls.row(self.turn)
        self.save_button = controls.button(text("chat_save"), lambda _: self._save())
        self.save_note = controls.html()
        self.body = controls.html()
        self.widget = controls.column(
            *(self.selector, self._turn_row),
            *(self.save_button, self.save_note, self.body),
        )
        self._is_filling = False
        self.selector.observe(lambda _: self.update(), "value")
        self.turn.observe(lambda _: self.update(latest=False), "value")

    def update(self, *, latest: bool = True) -> None:
        """Shows the present conversation in the open tab.

        Args:
            latest: whether to select the last turn.
        """
        if self._is_filling:
            return
        name = self.selector.value
        controls.set_visible(self._turn_row, name == "prompt" and self._turns())
        controls.set_visible(self.save_button, name == "json")
        controls.set_visible(self.save_note, name == "json")
        makers = {"prompt": self._prompt_html, "json": self._json_html, "code": self._code_html}
        with self._panel.using_language():
            if name == "prompt" and latest:
                self._fill_turns()
            self.body.value = self._panel.with_lang(makers.get(name, Html)())

    def _fill_turns(self) -> None:
        options = [
            (text("chat_turn_name", number=i, words=turn.question.strip()[:40] or "…"), i - 1)
            for i, turn in enumerate(self._turns(), 1)
        ]
        self._is_filling = True
        try:
            self.turn.options = options
            self.turn.value = len(options) - 1 if options else None
        finally:
            self._is_filling = False

    def _prompt_html(self) -> Html:
        turns, index = self._turns(), self.turn.value
        prompt = turns[index].prompt if index is not None and index < len(turns) else None
        if prompt is None:
            return tag("p", text("chat_no_turn"))
        shown = prompt_view.prompt_html(prompt, text("chat_tab_prompt"))
        return join([prompt_view.legend_html(), shown, tag("small", text("inspector_bos"))])

    def _json_html(self) -> Html:
        written, is_shortened = chat_as_json(self._chat)
        note = tag("p", text("chat_shortened")) if is_shortened else ""
        return join([note, code_block(written, text("chat_tab_json"))])

    def _code_html(self) -> Html:
        try:
            options = self._options()
        except GemmaError:  # an invalid seed is reported when it is used
            options = {}
        return code_block(chat_as_code(self._chat, options), text("chat_code_label"))

    def _save(self) -> None:
        with self._panel.using_language():
            try:
                saved = text("chat_saved", path=str(save_chat(self._chat, Path.cwd())))
                note = self._panel.note_html(saved)
                self._panel.announce(saved)
            except GemmaError as error:
                note = self._panel.note_html(str(error), is_error=True)
            self.save_note.value = note


def chat_as_json(chat: Chat) -> tuple[str, bool]:
    """A chat as JSON for the page.

    Args:
        chat: the conversation.

    Returns:
        The JSON, and whether images or sounds are shortened in it.
    """
    whole = chat.to_dict()
    shortened = _shorten_urls(whole)
    return json.dumps(shortened, ensure_ascii=False, indent=2, default=repr), shortened != whole


def chat_as_code(chat: Chat, options: Mapping[str, Any]) -> str:
    """Python code that holds the same conversation again.

    Args:
        chat: the conversation.
        options: the keyword arguments for ``Chat.send``.
    """
    model = chat.model
    arguments = ["model"]
    if chat.system:
        arguments.append(f"system={chat.system!r}")
    if chat.tools:
        arguments.append("tools=tools")
    if chat.thinking:
        arguments.append("thinking=True")
    load = f"{model.variant.name!r}, {model.precision!r}, max_length={model.max_length}"
    lines = ["import gemma_nb as gnb", "", f"model = gnb.load({load})"]
    if chat.tools:
        lines.append(f"tools = {pformat(list(chat.tools), width=88, sort_dicts=False)}")
    contents = [_send_argument(m) for m in chat.messages if m["role"] in ("user", "tool")]
    lines += [
        f"chat = gnb.Chat({', '.join(arguments)})",
        f"options = {pformat(dict(options), width=88, sort_dicts=False)}",
        f"for content in {pformat(contents, width=88, sort_dicts=False)}:",
        "    for piece in chat.send(content, **options):",
        '        print(piece, end="", flush=True)',
        "    print()",
    ]
    return "\n".join(lines) + "\n"


def save_chat(chat: Chat, folder: Path) -> Path:
    """Writes a chat to a new file, "chat.json" or "chat-2.json" and so on.

    Args:
        chat: the conversation.
        folder: the folder of the file.

    Raises:
        InvalidInput: the file cannot be written, or the conversation holds something that JSON
            cannot hold.
    """
    number, path = 1, folder / "chat.json"
    while path.exists():
        number += 1
        path = folder / f"chat-{number}.json"
    try:
        return chat.save(path)
    except OSError as error:
        raise InvalidInput("chat_not_saved", path=str(path), why=error) from error


def _send_argument(message: Mapping[str, Any]) -> Any:
    """The argument of ``Chat.send`` for a message, with a hint in place of images and sounds."""
    content = message["content"]
    if isinstance(content, list):
        hint = text("chat_code_media")
        content = [
            {**part, part["type"]: f"… ({hint})"}
            if part.get("type") in ("image", "audio")
            else part
            for part in content
        ]
    return {**message, "content": content} if message["role"] == "tool" else content


def _shorten_urls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _shorten_urls(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_shorten_urls(v) for v in value]
    if isinstance(value, str) and value.startswith("data:") and len(value) > _MAX_URL_SHOWN:
        return f"{value[:40]}… ({len(value):,})"
    return value
