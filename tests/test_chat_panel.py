"""The chat panel without a browser: what it sends, shows, keeps, and does not let through."""

import base64
import io
import json
import subprocess
import sys
import wave
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parsed_html import ParsedHtml
from PIL import Image

import gemma_nb as gnb
from gemma_nb.errors import InvalidInput
from gemma_nb.prompts.call_parser import ToolCall
from gemma_nb.prompts.reply_parser import Chunk
from gemma_nb.widgets.base import main_thread
from gemma_nb.widgets.base.markdown import markdown
from gemma_nb.widgets.chat import chat_panel as chat_module
from gemma_nb.widgets.chat.conversation_view import TurnView
from gemma_nb.widgets.chat.message_field import read_attachment

QUESTION = "What is the capital of Japan?"
ANSWER = "The capital of Japan is Tokyo."
ATTACKS = (
    '<img src=x onerror="alert(1)">',
    "</script><script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "![x](https://example.org/spy.png)",
    "<javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    '[x](https://a.org "\\" onmouseover=alert(1) \\"")',
    "`<b onclick=x>`\n\n```<svg/onload=alert(1)>\n<img src=x>\n```",
    "<details open ontoggle=alert(1)>",
)


def harmless(markup):
    """What a browser sees, once it is known that nothing in it runs or is loaded."""
    seen = ParsedHtml(markup)
    assert not {"img", "script", "svg", "iframe", "style", "b"} & set(seen.tags), markup
    assert not [k for k, _ in seen.attributes if k.startswith("on")], markup
    for key, value in seen.attributes:
        if key in ("href", "src"):
            assert value.startswith(("https://", "http://")), markup
    return seen


# --- Markdown


@pytest.mark.parametrize("attack", ATTACKS)
def test_markdown_lets_nothing_through(attack):
    for written in (attack, f"**{attack}**", f"- {attack}", f"| {attack} |\n|-|\n| {attack} |"):
        harmless(markdown(written, "Code"))


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="<>[]()!`*_#-|:\"'&\\ \nabjavscript:htp/.=x0", max_size=120))
def test_any_markdown_is_harmless(written):
    harmless(markdown(written, "Code"))


def test_markdown_is_seen():
    written = (
        "# Head\n\nSome **bold**, *slanted* and `code`\nin lines.\n\n1. one\n2. two\n\n- a\n  - b\n\n"
        "```python\nprint('<b>')\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> said\n\n"
        "[page](https://ai.google.dev) ~~gone~~"
    )
    seen = ParsedHtml(markdown(written, "Code"))
    for tag in [
        "h4",
        "strong",
        "em",
        "code",
        "br",
        "ol",
        "ul",
        "li",
        "pre",
        "table",
        "th",
        "td",
        "blockquote",
        "a",
        "s",
    ]:
        assert tag in seen.tags, tag
    assert ("href", "https://ai.google.dev") in seen.attributes
    assert ("rel", "noopener noreferrer") in seen.attributes
    assert "print('<b>')" in seen.text
    assert "https://example.org" not in markdown(ATTACKS[4], "Code")  # no picture is fetched


@pytest.mark.parametrize("length", range(0, 60, 7))
def test_markdown_may_end_anywhere(length):
    harmless(markdown("**bold** `co``de` ```py\nx = [1](http://a.b) | c |\n|-|"[:length], "Code"))


def test_markdown_of_brackets_alone_is_answered_in_time():
    import time

    start = time.perf_counter()
    for written in ("[" * 3000, "> " * 500 + "x", "*a " * 1500, "- " * 300 + "x", "`" * 3001):
        harmless(markdown(written, "Code"))
    assert time.perf_counter() - start < 10


#: Formulas that latex2mathml would turn into markup, or that take long.
HOSTILE_FORMULAS = [
    r"\text{<img src=x onerror=alert(1)>}",
    r"\href{javascript:alert(1)}{x}",
    r"\style{background:url(https://example.org)}{x}",
    r"\class{gnb-send}{x}",
    r"\text{</math><script>alert(1)</script>}",
    r"\color{red;background:url(x)}{x}",
    r"\mathrm{<b>}",
    r"\frac" * 400,
    "{" * 900,
    "x^" * 900,
    r"\sqrt{" * 30 + "x" + "}" * 30,
    r"\left(" * 300,
    r"\text{&lt;script&gt;}",
]


@pytest.mark.parametrize("latex", HOSTILE_FORMULAS)
def test_formulas_let_nothing_through(latex):
    import time

    start = time.process_time()
    for written in (f"${latex}$", f"$$\n{latex}\n$$", f"\\({latex}\\)", f"| \\[{latex}\\] |\n|-|"):
        seen = harmless(markdown(written, "Code"))
        assert not {"href", "style"} & {key for key, _ in seen.attributes}
        assert "gnb-send" not in [value for _, value in seen.attributes]
    assert time.process_time() - start < 2


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="\\${}^_&<>/()[] abfrctexhsqmid01\"'=", max_size=80))
def test_any_formula_is_harmless(latex):
    harmless(markdown(f"$${latex}$$ and ${latex}$", "Code"))


def test_formulas_are_seen():
    seen = ParsedHtml(markdown(r"If $E=mc^2$ then \(x_1\) and $$\frac{a}{b}\text{ <i> }$$", "Code"))
    assert seen.tags.count("math") == 3
    assert {"msup", "msub", "mfrac", "mtext"} <= set(seen.tags)
    assert ("display", "block") in seen.attributes
    assert ("aria-label", "E=mc^2") in seen.attributes
    assert "<i>" in seen.text


@pytest.mark.parametrize(
    "written",
    [
        "It costs $5 and $10.",
        r"\$x\$",
        "`$x$`",
        "$ x $",
        "$$",
        "a $x",
        r"$\frac{$",
        r"$\unknown{x}$",
    ],
)
def test_what_is_no_formula_stays_as_it_was_written(written):
    seen = ParsedHtml(markdown(written, "Code"))
    assert "math" not in seen.tags
    assert seen.text == written.replace("`", "").replace(r"\$", "$")


def test_code_is_coloured_by_its_language():
    page = markdown(
        "```python\ndef f(): return '<b>'  # <i>\n```\n\n```nolanguage\n<u>\n```", "Code"
    )
    seen = harmless(page)
    assert {("class", "gnb-k"), ("class", "gnb-nf"), ("class", "gnb-c1")} <= set(seen.attributes)
    assert "def f(): return '<b>'  # <i>" in seen.text
    assert "<u>" in seen.text
    assert seen.attributes.count(("class", "gnb-copyable")) == 2


def test_paragraphs_run_in_the_direction_of_their_letters():
    seen = ParsedHtml(markdown("שלום\n\n- مرحبا\n\n# Head", "Code"))
    assert seen.attributes.count(("dir", "auto")) >= 3


# --- one turn


def test_thoughts_are_folded_away_and_calls_are_seen():
    turn = TurnView({"role": "user", "content": "Hi"}, (), "gemma", "en")
    turn.add(Chunk("thought", "Hm <b>. "))
    assert "Thinking … (8 characters)" in turn._thoughts_block.value
    assert "<details" in turn._thoughts_block.value
    assert "open" not in ParsedHtml(turn._thoughts_block.value).attributes
    turn.add(Chunk("thought", "I see."))
    turn.add(Chunk("answer", "It is **four**."))
    turn.add(Chunk("call", call=ToolCall("f<i>", {"x": "<script>"})))
    turn.finish("3 tokens")
    assert "Thoughts (14 characters)" in turn._thoughts_block.value
    shown = harmless(turn._thoughts_block.value + turn._answer_block.value.replace("strong", "p"))
    assert "Hm <b>. I see." in shown.text
    assert "f<i>(x='<script>')" in shown.text
    assert "<strong>four</strong>" in turn._answer_block.value
    # a fold that was opened stays as it is while the answer arrives
    before = turn._thoughts_block.value
    turn.add(Chunk("answer", " More."))
    turn._update()
    assert turn._thoughts_block.value is before


# --- a stand-in for a model, for what needs none


class Scripted:
    """A model that says what it is told to: what a panel does is what is tested."""

    def __init__(self, variant="gemma4_instruct_2b", says=("One", " two", " three")):
        self.variant, self.max_length, self.precision = gnb.variant(variant), 200, "bfloat16"
        self.says, self.asked, self.last = list(says), [], None
        self.tokens = {"prompt_tokens": 9, "new_tokens": 3}
        self.during = lambda: None

    def prompt_ids(self, messages, **options):
        return list(range(len(str(gnb.format_prompt(messages, self.variant, **options))) // 4))

    def _chunks(self, messages, max_new_tokens, *, cache, tools, thinking, **options):
        self.asked.append((messages, max_new_tokens, options))
        self.prompt_ids(messages, tools=tools, thinking=thinking)
        from gemma_nb.prompts.reply_parser import ReplyParser

        parser = ReplyParser(self.variant)

        def make():
            for piece in self.says:
                if isinstance(piece, BaseException):
                    raise piece
                for chunk in parser.feed(piece):
                    self.during()
                    yield chunk
            yield from parser.close()

        self.last = SimpleNamespace(**self.tokens, first_token_seconds=0.5, tokens_per_second=12.0)
        return make(), parser


@pytest.fixture
def model():
    return Scripted()


def type_and_send(panel, text):
    """What a person does: types, and presses Send."""
    panel._message_field.field.set_state({"value": text})
    panel._message_field.send_button.click()


def test_a_message_is_sent_and_answered(model):
    panel = gnb.ChatPanel(model, "Be kind.")
    type_and_send(panel, "Hi")
    assert panel.chat.messages == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "One two three"},
    ]
    assert panel._message_field.field.value == ""
    (turn,) = panel._turns
    assert turn.prompt == gnb.format_prompt(panel.chat.messages[:-1], model.variant)
    assert "3 tokens, 12.0 tokens/s, the first after 0.50 s" in turn._note_block.value
    assert "One two three" in panel._live_region.value
    left = panel.chat.context_left
    assert 0 < left < 200
    assert f"Context: {left} of 200 tokens left" in panel._context_left.value
    assert not panel.busy
    copy = ParsedHtml(panel._static_bundle()["text/html"])
    assert copy.tags[0] == "div"
    assert copy.tags.count("script") == 2  # the shared one, and the one that makes Enter send


def test_a_question_that_gets_no_answer_stays_and_can_be_asked_again(model):
    panel = gnb.ChatPanel(model)
    model.says = []
    type_and_send(panel, "Hi")
    assert [one["role"] for one in panel.chat.messages] == ["user", "assistant"]
    assert len(panel._turns) == 1
    assert "said nothing" in panel._note.value
    model.says = ["Yes."]
    panel._again_button.click()
    assert panel.chat.messages[-1]["content"] == "Yes."
    assert not panel._note.value


@pytest.mark.parametrize(
    ("prompt", "new", "note"),
    [
        (9, 16, "cut after 16 tokens, the most that one answer may have"),
        (185, 15, "cut, because the context is full"),
        (184, 16, "cut after 16 tokens, the most that one answer may have"),
        (184, 15, None),
        (200, 0, None),
    ],
)
def test_an_answer_that_was_cut_says_why(model, prompt, new, note):
    panel = gnb.ChatPanel(model)
    panel._settings.length.value = 16
    model.tokens = {"prompt_tokens": prompt, "new_tokens": new}
    type_and_send(panel, "Hi")
    shown = panel._turns[0]._note_block.value
    assert ("cut" in shown) is (note is not None)
    assert (note or "") in shown
    # what a person stopped was not cut
    model.during = panel._stop_button.click
    type_and_send(panel, "Hi")
    assert "stopped" in panel._turns[1]._note_block.value
    assert "cut" not in panel._turns[1]._note_block.value


def test_a_full_context_names_the_way_out(model):
    panel = gnb.ChatPanel(model)
    model.says = [InvalidInput("no_room_for_reply", tokens=210, max_length=200, over=11)]
    type_and_send(panel, "Hi")
    assert "11 tokens too long" in panel._note.value
    assert "New conversation" not in panel._note.value  # there is none to leave
    model.says = ["Yes."]
    panel._message_field.send_button.click()
    model.says = [InvalidInput("no_room_for_reply", tokens=210, max_length=200, over=11)]
    type_and_send(panel, "And then?")
    assert "press New conversation" in panel._note.value
    assert panel._message_field.field.value == "And then?"


def test_an_empty_message_and_a_double_click_send_nothing(model):
    panel = gnb.ChatPanel(model)
    for empty in ("", "  \n "):
        type_and_send(panel, empty)
    assert model.asked == []
    assert "Write a message first" in panel._note.value
    # the second click of a double click comes while the first is answered
    model.during = lambda: (
        panel._message_field.send_button.click(),
        panel.send("again"),
        panel._again_button.click(),
    )
    type_and_send(panel, "Hi")
    assert len(model.asked) == 1
    assert len(panel._turns) == 1


def test_stop_keeps_what_there_is(model):
    panel = gnb.ChatPanel(model)
    model.during = panel._stop_button.click
    type_and_send(panel, "Hi")
    assert panel.chat.messages[-1]["content"] == "One"
    assert "stopped" in panel._turns[0]._note_block.value
    model.during = lambda: None
    type_and_send(panel, "Go on")
    assert panel.chat.messages[-1]["content"] == "One two three"
    assert "stopped" not in panel._turns[1]._note_block.value


def test_the_kernels_interrupt_keeps_what_there_is(model):
    panel = gnb.ChatPanel(model)
    model.says = ["One", KeyboardInterrupt()]
    type_and_send(panel, "Hi")
    assert panel.chat.messages[-1]["content"] == "One"
    assert "stopped" in panel._turns[0]._note_block.value
    # before the first word: the conversation is as it was, and the message is not lost
    model.says = [KeyboardInterrupt()]
    type_and_send(panel, "And now?")
    assert len(panel.chat.messages) == 2
    assert len(panel._turns) == 1
    assert panel._message_field.field.value == "And now?"
    assert "Stopped before the first word" in panel._note.value
    assert not panel.busy


def test_what_fails_is_told_whole_and_the_message_is_not_lost(model):
    panel = gnb.ChatPanel(model)
    model.says = [ValueError("<script>no</script>")]
    type_and_send(panel, "Hi")
    seen = harmless(panel._note.value)
    assert "ValueError: <script>no</script>" in seen.text
    assert "Traceback" in seen.text
    assert panel._message_field.field.value == "Hi"
    assert panel.chat.messages == []
    model.says = ["ok"]
    panel._settings.seed.set_state({"value": "-1"})
    panel._message_field.send_button.click()
    assert "seed is a whole number" in panel._note.value
    assert model.asked[1:] == []
    panel._settings.seed.set_state({"value": "7"})
    panel._message_field.send_button.click()
    assert panel.chat.messages[-1]["content"] == "ok"
    assert "gnb-error" not in panel._note.value


def test_again_and_edit_replace_the_last_turn(model):
    panel = gnb.ChatPanel(model)
    type_and_send(panel, "First")
    type_and_send(panel, "Second")
    first = panel._turns[0]
    model.says = ["Else"]
    panel._again_button.click()
    assert [m["content"] for m in panel.chat.messages] == [
        "First",
        "One two three",
        "Second",
        "Else",
    ]
    assert panel._turns[0] is first
    panel._turns[-1].edit_button.click()
    assert panel._message_field.field.value == "Second"
    assert panel._message_field.send_button.description == "Send the changed message"
    model.says = ["Third's"]
    type_and_send(panel, "Third")
    assert [m["content"] for m in panel.chat.messages] == [
        "First",
        "One two three",
        "Third",
        "Third's",
    ]
    assert panel._message_field.send_button.description == "Send"
    # begun and left: nothing changes
    panel._turns[-1].edit_button.click()
    panel._message_field.keep_button.click()
    assert panel._message_field.field.value == ""
    assert not panel._message_field.is_editing
    # an edit that fails leaves the old turn, and the field still edits
    model.says = [KeyboardInterrupt()]
    panel._turns[-1].edit_button.click()
    type_and_send(panel, "Fourth")
    assert panel.chat.messages[-1]["content"] == "Third's"
    assert [t.question for t in panel._turns] == ["First", "Third"]
    assert (panel._message_field.is_editing, panel._message_field.field.value) == (True, "Fourth")
    panel._new_button.click()
    assert panel.chat.messages == []
    assert "Nothing has been said yet" in panel._empty_note.value


def test_any_turn_can_be_edited(model):
    panel = gnb.ChatPanel(model)
    for said in ("First", "Second", "Third"):
        type_and_send(panel, said)
    panel._turns[1].edit_button.click()
    assert panel._message_field.field.value == "Second"
    assert "everything after it is replaced" in panel._message_field.field.description
    model.says = ["Other"]
    type_and_send(panel, "Changed")
    said = [m["content"] for m in panel.chat.messages if m["role"] == "user"]
    assert said == ["First", "Changed"]
    assert [turn.question for turn in panel._turns] == said
    assert panel.chat.messages[-1]["content"] == "Other"


def test_conversations_are_kept_and_can_be_continued(model):
    panel = gnb.ChatPanel(model, "Rhyme.")
    assert panel._list.layout.display == "none"
    panel._new_button.click()  # nothing was said yet: there is nothing to keep
    assert len(panel._conversations) == 1
    type_and_send(panel, "First")
    first = list(panel.chat.messages)
    panel._new_button.click()
    assert panel.chat.messages == [{"role": "system", "content": "Rhyme."}]
    panel._settings.system.set_state({"value": "Be brief."})
    type_and_send(panel, "Second")
    assert [label for label, _ in panel._list.options] == ["1: First", "2: Second"]
    panel._list.set_state({"value": None, "index": 0})
    assert panel.chat.messages == first
    assert panel._settings.system.value == "Rhyme."
    assert [turn.question for turn in panel._turns] == ["First"]
    type_and_send(panel, "More")
    panel._list.set_state({"index": 1})
    assert panel.chat.messages[0]["content"] == "Be brief."
    assert len(panel.chat.messages) == 3
    # one that was begun and left without a word leaves no entry
    panel._new_button.click()
    panel._list.set_state({"index": 0})
    assert [label for label, _ in panel._list.options] == ["1: First", "2: Second"]
    assert [m["content"] for m in panel.chat.messages if m["role"] == "user"] == ["First", "More"]


def test_closing_the_panel_closes_what_is_not_on_the_page_too(model):
    from ipywidgets.widgets import widget

    def widgets():
        return dict(getattr(widget, "_instances", None) or widget.Widget.widgets)

    before = widgets()
    panel = gnb.ChatPanel(model)
    type_and_send(panel, "Hi")
    turn = panel._turns[0].widget
    panel._again_button.click()
    assert turn.comm is None  # the answer that was replaced
    panel._new_button.click()  # the first conversation is kept, and not shown
    type_and_send(panel, "Hello")
    panel.close()
    assert [one for name, one in widgets().items() if name not in before] == []


def test_example_questions_are_sent_by_a_click(model):
    panel = gnb.ChatPanel(model)
    assert panel._examples in panel._turn_list.children
    panel._examples.children[1].click()
    assert panel.chat.messages[0]["content"] == panel._examples.children[1].description
    assert panel._examples not in panel._turn_list.children


def test_settings_are_what_is_sent(model):
    panel = gnb.ChatPanel(model)
    s = panel._settings
    # the publisher's values, as documented for Gemma 4
    assert (s.temperature.value, s.top_k.value, s.top_p.value) == (1.0, 64, 0.95)
    s.temperature.value, s.top_k.value, s.top_p.value, s.length.value = 0.35, 5, 0.5, 17
    s.system.set_state({"value": "Rhyme."})
    s.thinking.set_state({"value": True})
    type_and_send(panel, "Hi")
    messages, count, options = model.asked[0]
    assert messages[0] == {"role": "system", "content": "Rhyme."}
    assert count == 17
    assert options == {"temperature": 0.35, "top_k": 5, "top_p": 0.5}
    assert "<|think|>" in panel._turns[0].prompt
    assert panel.chat.thinking
    assert gnb.ChatPanel(Scripted("gemma3_instruct_1b"))._settings.thinking.layout.display == "none"


def test_a_tools_call_asks_for_its_answer():
    call = '<|tool_call>call:get_weather{city:<|"|>Tokyo<|"|>}<tool_call|>'
    model = Scripted(says=[call, call.replace("Tokyo", "Nara")])
    from gemma_nb.widgets.inspector.inspector_examples import WEATHER_TOOL

    panel = gnb.ChatPanel(model, tools=[WEATHER_TOOL])
    type_and_send(panel, "Weather?")
    assert "get_weather(city=&#x27;Tokyo&#x27;)" in panel._turns[0]._answer_block.value
    assert "What get_weather answers" in panel._message_field.field.description
    model.says = ["Sunny."]
    type_and_send(panel, '{"sky": "clear"}')
    assert len(model.asked) == 1  # the other call waits
    type_and_send(panel, "rain")
    assert [m["content"] for m in panel.chat.messages[2:]] == [{"sky": "clear"}, "rain", "Sunny."]
    assert panel.chat.messages[3]["name"] == "get_weather"
    assert panel._message_field.field.description == "Your message"
    type_and_send(panel, "Thanks")
    panel._turns[-1].edit_button.click()
    assert panel._message_field.field.value == "Thanks"


@pytest.mark.parametrize("attack", ATTACKS)
def test_markup_in_either_direction_does_nothing(attack):
    model = Scripted(says=[attack[:9], attack[9:]])
    panel = gnb.ChatPanel(model, attack)
    type_and_send(panel, attack)
    turn = panel._turns[0]
    shown = [
        turn._question_block.value,
        turn._thoughts_block.value,
        turn._answer_block.value,
        turn._note_block.value,
    ]
    for tab in ("prompt", "json", "code"):
        panel._tabs.selector.value = tab
        # the project's own marks of control tokens are <b class="gnb-ctl">
        shown.append(panel._tabs.body.value.replace('<b class="gnb-ctl"', "<p"))
    shown += [panel.static_html(), panel._live_region.value, panel._note.value]
    for markup in shown:
        harmless(markup)
    assert attack in ParsedHtml(turn._question_block.value).text
    assert attack in panel.static_text()


def test_it_is_exported(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    panel = gnb.ChatPanel(model, "Be kind.")
    type_and_send(panel, "Hi </script>")
    panel._tabs.selector.value = "json"
    shown = json.loads(ParsedHtml(panel._tabs.body.value).text)
    assert shown == json.loads(json.dumps(panel.chat.to_dict()))
    panel._tabs.save_button.click()
    panel._tabs.save_button.click()  # a second file, not over the first
    assert sorted(p.name for p in tmp_path.iterdir()) == ["chat-2.json", "chat.json"]
    assert gnb.Chat.load("chat.json", model).messages == panel.chat.messages
    assert "chat-2.json" in panel._tabs.save_note.value
    monkeypatch.setattr("os.fsync", lambda file: (_ for _ in ()).throw(OSError("full")))
    panel._tabs.save_button.click()
    assert "could not be written: full" in panel._tabs.save_note.value
    assert sorted(p.name for p in tmp_path.iterdir()) == ["chat-2.json", "chat.json"]


def test_the_raw_prompt_of_each_turn(model):
    panel = gnb.ChatPanel(model)
    panel._tabs.selector.value = "prompt"
    assert "Nothing has been sent yet" in panel._tabs.body.value
    type_and_send(panel, "First")
    type_and_send(panel, "Second")
    assert "Second" in panel._tabs.body.value
    panel._tabs.turn.value = 0
    assert "Second" not in panel._tabs.body.value
    shown = ParsedHtml(panel._tabs.body.value).text.replace("↵", "")
    assert str(gnb.format_prompt("First", model.variant)) in shown


def png(size=(400, 300)):
    out = io.BytesIO()
    Image.new("RGB", size, "orange").save(out, "PNG")
    return out.getvalue()


def wav(seconds=1.5):
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(np.zeros(int(8000 * seconds), np.int16).tobytes())
    return out.getvalue()


def test_images_and_sounds_go_in(model):
    panel = gnb.ChatPanel(model)
    data = png()
    panel._message_field.upload.set_state({"value": [file_of("<b>.png", data)]})
    assert '<img class="gnb-thumb" alt="&lt;b&gt;.png"' in panel._message_field.attachments[0].html
    type_and_send(panel, "What is it?")
    image, text = panel.chat.messages[0]["content"]
    kept = image["image"].removeprefix("data:image/png;base64,")
    assert base64.b64decode(kept) == data
    assert text == {"type": "text", "text": "What is it?"}
    assert "gnb-thumb" in panel._turns[0]._question_block.value
    assert "<|image|>" in panel._turns[0].prompt
    assert panel._message_field.attachments == []
    panel._tabs.selector.value = "json"
    assert "shortened here" in panel._tabs.body.value
    assert kept[:200] not in panel._tabs.body.value
    # a picture alone is a message; a file that is none is told, and can be taken out again
    panel._turns[-1].edit_button.click()
    assert len(panel._message_field.attachments) == 1
    panel._message_field.attachment_row.children[0].children[1].click()
    assert panel._message_field.attachments == []
    panel._message_field.upload.set_state(
        {"value": [file_of("notes.png", b"<svg onload=alert(1)>")]}
    )
    assert "cannot be read as an image" in panel._message_field.error_block.value
    sound = read_attachment("hi.wav", wav(), frozenset({"audio", "image"}))
    assert sound.part["type"] == "audio"
    assert "hi.wav (1.5 s)" in sound.html
    assert (
        gnb.ChatPanel(Scripted("gemma3_instruct_1b"))._message_field.upload.layout.display == "none"
    )


def file_of(name, data):
    return {
        "name": name,
        "type": "",
        "size": len(data),
        "last_modified": 0,
        "content": memoryview(data),
    }


def test_a_thumbnail_is_small():
    made = read_attachment("big.png", png((3000, 2000)), frozenset({"image"}))
    shown = base64.b64decode(made.html.split("base64,")[1].split('"')[0])
    assert max(Image.open(io.BytesIO(shown)).size) == 240


def test_in_japanese(model):
    panel = gnb.ChatPanel(model, lang="ja")
    type_and_send(panel, "こんにちは")
    assert "残り" in panel._context_left.value
    assert "トークン/秒" in panel._turns[0]._note_block.value
    assert panel._message_field.send_button.description == "送信"
    assert "あなた" in panel.static_html()
    assert "こんにちは" in panel.static_text()


def test_what_is_no_model_is_refused():
    for wrong in (None, "gemma3_instruct_1b", 3):
        with pytest.raises(ValueError, match="needs a loaded model"):
            gnb.ChatPanel(wrong)
    with pytest.raises(ValueError, match="system"):
        gnb.ChatPanel(Scripted(), 3)


# --- Stop where presses wait in the kernel's queue, as ipykernel 6 has it


class Session:
    """What feed_identities and unpack of jupyter_client's Session do."""

    def feed_identities(self, parts, copy):
        assert not copy
        at = next(i for i, p in enumerate(parts) if p.bytes == b"<IDS|MSG>")
        return parts[:at], parts[at + 1 :]

    unpack = staticmethod(json.loads)


def message(kind, content):
    values = (b"id", b"<IDS|MSG>", b"signature", *(
        json.dumps(v).encode() for v in ({"msg_type": kind}, {}, {}, content)
    ))  # fmt: skip
    return (0, print, ([SimpleNamespace(bytes=v) for v in values],))


def test_a_press_that_waits_in_the_queue_is_seen_and_left_there(monkeypatch):
    arriving, queue = [], []

    class Stream:
        def flush(self, flag):
            queue.extend(arriving)
            arriving.clear()

    kernel = SimpleNamespace(
        shell_stream=Stream(), msg_queue=SimpleNamespace(_queue=queue), session=Session()
    )
    monkeypatch.setattr(main_thread, "kernel", lambda: kernel)
    pressed = main_thread.waiting_press(SimpleNamespace(model_id="stop"))
    assert not pressed()
    press = {"method": "custom", "content": {"event": "click"}}
    arriving += [
        message("execute_request", {"code": "1"}),
        message("comm_msg", {"comm_id": "other", "data": press}),
        message("comm_msg", {"comm_id": "stop", "data": {"method": "update", "state": {}}}),
        (0, print, ()),
    ]
    assert not pressed()
    arriving.append(message("comm_msg", {"comm_id": "stop", "data": press}))
    assert pressed()
    assert len(queue) == 5
    # on a kernel with another layout it is never known, and nothing is touched
    for other in (None, SimpleNamespace(), SimpleNamespace(shell_channel_thread=1, **vars(kernel))):
        monkeypatch.setattr(main_thread, "kernel", lambda other=other: other)
        assert not main_thread.waiting_press(SimpleNamespace(model_id="stop"))()


def test_a_waiting_press_stops_the_answer(model, monkeypatch):
    answers = iter([False, True, True])
    monkeypatch.setattr(chat_module, "waiting_press", lambda button: lambda: next(answers))
    panel = gnb.ChatPanel(model)
    type_and_send(panel, "Hi")
    assert panel.chat.messages[-1]["content"] == "One two"


# --- with the demo model


@pytest.mark.slow
def test_two_turns_with_the_demo_model_and_its_code_gives_them_again():
    model = gnb.load(max_length=256)
    panel = gnb.ChatPanel(model)
    type_and_send(panel, QUESTION)
    type_and_send(panel, "What is the capital of France?")
    assert panel.chat.messages[1]["content"] == ANSWER
    assert "Paris" in panel.chat.messages[3]["content"]
    assert panel._turns[1].prompt.startswith("<start_of_turn>user\nWhat is the capital of Japan?")
    # too long for the model: told in its own words, and nothing is lost
    type_and_send(panel, "word " * 300)
    assert "max_length" in ParsedHtml(panel._note.value).text
    assert panel._message_field.field.value.startswith("word")
    assert len(panel.chat.messages) == 4
    panel._tabs.selector.value = "code"
    code = ParsedHtml(panel._tabs.body.value).text
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    said = [m["content"] for m in panel.chat.messages if m["role"] == "assistant"]
    assert done.stdout.splitlines() == said
    model.unload()
