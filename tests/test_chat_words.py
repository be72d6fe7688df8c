"""The probabilities of a chat's replies: computed when asked for, equal to those of ``trace``."""

import pytest
from parsed_html import ParsedHtml

import gemma_nb as gnb
from gemma_nb import i18n
from gemma_nb.layer_trace import TokenGuess, TracedToken, percent
from gemma_nb.prompts.boxes import Box
from gemma_nb.prompts.call_parser import ToolCall
from gemma_nb.prompts.reply_parser import Chunk
from gemma_nb.widgets.chat import conversation_view, reply_words
from gemma_nb.widgets.chat.conversation_view import TurnView

pytestmark = pytest.mark.slow

QUESTION = "What is the capital of Japan?"

#: What a parser takes out of a reply.
PARSED_PARTS = [
    Chunk("thought", "Hm."),
    Chunk("call", call=ToolCall("weather", {"city": "Tokyo"})),
    Chunk("box", box=Box("cat", (0, 0, 9, 9))),
]


@pytest.fixture(scope="module")
def model():
    return gnb.load("demo_gemma3_instruct_1m", max_length=512)


@pytest.fixture
def panel(model):
    return gnb.ChatPanel(model, lang="en")


@pytest.fixture
def traced(monkeypatch):
    """The answers that were traced."""
    answers, real = [], reply_words.trace_reply

    def counted(model, prompt, answer):
        answers.append(answer)
        return real(model, prompt, answer)

    monkeypatch.setattr(conversation_view, "trace_reply", counted)
    return answers


def words(turn):
    return ParsedHtml(turn._answer_block.value)


def test_nothing_is_computed_until_the_switch_is_on(panel, traced):
    panel.send(QUESTION)
    panel.send("What is 12 + 30?")
    assert traced == []
    assert "ol" not in words(panel._turns[0]).tags
    panel._words.box.value = True
    assert traced == [panel._turns[1].answer, panel._turns[0].answer]  # the last one first
    assert not panel.busy
    for turn in panel._turns:
        assert "ol" in words(turn).tags
    # a reply that arrives while the switch is on, and what is known is not computed again
    panel.send("What is the opposite of hot?")
    assert traced[2:] == [panel._turns[2].answer]
    assert "ol" in words(panel._turns[2]).tags
    panel._words.box.value = False
    assert "ol" not in words(panel._turns[2]).tags
    panel._words.box.value = True
    assert len(traced) == 3


def test_the_probabilities_are_those_of_trace(panel, model):
    panel.send("My name is Aiko.")
    panel.send(QUESTION)
    panel._words.box.value = True
    seen = gnb.trace(model, panel.chat.messages[:-1], reply=panel._turns[1].answer)
    expected = seen.tokens[seen.prompt_length :]
    shown = panel._turns[1]._tokens
    assert [token.id for token in shown] == [token.id for token in expected]
    # and the tokens are those that the model wrote
    written = list(model.stream_ids(panel.chat.messages[:-1], temperature=0))
    assert [token.id for token in shown] == written
    assert [token.probability for token in shown] == [token.probability for token in expected]
    page = words(panel._turns[1])
    assert page.text.count("Tokyo: ") == 1
    assert percent(shown[0].probability) in page.text


def test_a_word_of_several_tokens_shows_the_product_and_each_token():
    guess = TokenGuess(3, "▁K", 0.25)
    tokens = [
        TracedToken(1, "▁Tok", False, True, 0.5, (guess,)),
        TracedToken(2, "yo", False, True, 0.8, (guess,)),
        TracedToken(4, ".", False, True, 0.005, (guess,)),
    ]
    page = ParsedHtml(reply_words.words_html(tokens))
    assert "Tokyo: 40%" in page.text
    assert "product of 2 tokens" in page.text
    assert "␣Tok 50%" in page.text
    assert "yo 80%" in page.text
    assert ".: 0.5%" in page.text
    assert page.attributes.count(("tabindex", "0")) == 2 + 1  # the words, and the table's region
    classes = [value for name, value in page.attributes if name == "class"]
    assert "gnb-w gnb-q2" in classes  # 40%
    assert "gnb-w gnb-q0" in classes
    rows = page.tags.count("tr")
    assert rows == 1 + len(tokens)


def test_markup_of_the_model_stays_text():
    attack = "<img/src=x>"
    token = TracedToken(1, attack, False, True, 0.5, (TokenGuess(1, attack, 0.5),))
    page = ParsedHtml(reply_words.words_html([token]))
    assert "img" not in page.tags
    assert page.text.count(attack) >= 3


def test_an_error_is_told_once_and_the_reply_stays_as_it_was(panel, monkeypatch):
    panel.send(QUESTION)
    panel.send("What is 12 + 30?")
    real = reply_words.trace_reply

    def fails(model, prompt, answer):
        if "42" in answer:
            raise gnb.errors.InvalidInput("trace_text_only")
        return real(model, prompt, answer)

    monkeypatch.setattr(conversation_view, "trace_reply", fails)
    panel._words.box.value = True
    assert "text only" in panel._note.value
    assert "ol" not in words(panel._turns[1]).tags
    assert "ol" in words(panel._turns[0]).tags
    assert not panel.busy
    assert not panel._turns[1].needs_trace


def test_stop_ends_it_and_turns_the_switch_off(panel, monkeypatch):
    panel.send(QUESTION)
    panel.send("What is 12 + 30?")
    real = reply_words.trace_reply

    def stops(*arguments):
        panel.stop()
        return real(*arguments)

    monkeypatch.setattr(conversation_view, "trace_reply", stops)
    panel._words.box.value = True
    assert not panel._words.is_on
    assert not panel.busy
    assert [turn.needs_trace for turn in panel._turns] == [True, False]
    assert "ol" not in words(panel._turns[1]).tags


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
@pytest.mark.parametrize("part", PARSED_PARTS, ids=["thought", "call", "box"])
def test_a_reply_with_parsed_parts_says_why_it_has_no_probabilities(lang, part):
    with i18n.using_language(lang):
        turn = TurnView({"role": "user", "content": QUESTION}, (), "gemma", lang)
        turn.add(part)
        turn.add(Chunk("answer", "Tokyo."))
        turn.prompt = gnb.format_prompt(QUESTION, "gemma4_instruct_2b")
        turn.finish("")
        why = i18n.text("chat_words_none")
        for shown in (False, True, False):
            turn.show_words(shown)
            assert not turn.needs_trace
            assert words(turn).text.count(why) == shown
            assert ParsedHtml(turn.static_answer_html()).text.count(why) == shown
            assert "Tokyo." in words(turn).text


def test_a_reply_without_parsed_parts_does_not_say_so(panel):
    panel.send(QUESTION)
    panel._words.box.value = True
    assert "ol" in words(panel._turns[0]).tags
    assert i18n.text("chat_words_none", lang="en") not in words(panel._turns[0]).text


def test_another_conversation_is_shown_as_the_switch_says(panel, traced):
    panel.send(QUESTION)
    panel._words.box.value = True
    panel._on_new()
    panel.send("What is 12 + 30?")
    assert len(traced) == 2
    panel._words.box.value = False
    panel._list.value = 0
    assert "ol" not in words(panel._turns[0]).tags
    panel._words.box.value = True
    assert "ol" in words(panel._turns[0]).tags
    assert len(traced) == 2


def test_the_static_copy_has_the_table(panel):
    panel.send(QUESTION)
    panel._words.box.value = True
    page = ParsedHtml(panel.static_html())
    assert "ol" not in page.tags
    assert page.tags.count("table") == 1
    assert "Probability" in page.text


def test_in_japanese(model):
    panel = gnb.ChatPanel(model, lang="ja")
    panel.send("日本の首都はどこですか？")
    panel._words.box.value = True
    page = words(panel._turns[0])
    assert "「東京」" in page.text
    hint = ParsedHtml(panel._words._hint.value).text
    assert "Tab" in hint
    assert "Probability" not in hint + page.text


def test_settings_are_folded_until_they_are_asked_for(panel):
    settings = panel._settings
    assert settings.widget.layout.display == "none"
    settings.fold_button.click()
    assert settings.widget.layout.display is None
    assert "gnb-unfolded" in settings.fold_button._dom_classes
    settings.fold_button.click()
    assert settings.widget.layout.display == "none"
    assert "gnb-unfolded" not in settings.fold_button._dom_classes
