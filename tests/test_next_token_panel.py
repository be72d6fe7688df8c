"""The next-token panel without a browser: what it shows, draws, refuses, and does not let through."""

import numpy as np
import pytest
from parsed_html import ParsedHtml

import gemma_nb as gnb
from gemma_nb.errors import InvalidInput
from gemma_nb.text_utils import begins_word, word_ranges
from gemma_nb.widgets.base.panel import WIDGET_VIEW

BEGUN = "The capital of"


@pytest.fixture(scope="module")
def model():
    return gnb.load("demo_gemma3_1m", max_length=128)


@pytest.fixture
def panel(model):
    return gnb.NextTokenPanel(model, BEGUN, 8, raw=True, lang="en")


def shown(panel):
    return ParsedHtml(panel._chart_block.value)


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        (
            ["▁The", "▁cap", "ital", "▁is", "▁Tok", "yo", "."],
            ["▁The", "▁capital", "▁is", "▁Tokyo", "."],
        ),
        (["▁", "4", "2", "!"], ["▁42", "!"]),
        (["東", "京", "は", "で", "す", "。"], ["東京", "は", "で", "す", "。"]),
        (["ク", "リーム", "色"], ["クリーム", "色"]),
        (["e", "\u0301", "t"], ["e\u0301t"]),
        (["<end_of_turn>", "\n", "▁a"], ["<end_of_turn>", "\n", "▁a"]),
        ([], []),
    ],
)
def test_tokens_form_words(pieces, words):
    assert ["".join(pieces[i] for i in one) for one in word_ranges(pieces)] == words


def test_a_word_ends_where_the_script_changes():
    assert begins_word("Gemma", "3")
    assert begins_word("赤", "い")
    assert not begins_word("Gem", "ma")
    assert not begins_word("1", "2")


@pytest.mark.slow
def test_it_shows_what_next_tokens_says(panel, model):
    expected = gnb.next_tokens(model, BEGUN, 8, raw=True, temperature=1, top_k=0, top_p=1.0)
    page = shown(panel)
    rows = panel._chart().tokens
    assert rows == expected
    assert page.tags.count("tr") == 1 + 8 + 1  # the heads, the tokens, all others
    for token in expected:
        assert token.piece.replace("▁", "␣") in page.text
    assert "2,048 tokens can be drawn" in page.text
    bundle = panel._repr_mimebundle_()
    assert WIDGET_VIEW in bundle
    assert "the other 2,040 tokens" in bundle["text/html"]
    assert "the other 2,040 tokens" in bundle["text/plain"]
    assert BEGUN in bundle["text/plain"]


@pytest.mark.slow
def test_a_token_that_begins_a_word_is_shown_with_its_rest(panel, model):
    token, rest = next(
        (t, r) for t, r in zip(panel._chart().tokens, panel._words, strict=True) if r
    )
    greedy = model.generate(BEGUN + token.piece.replace("▁", " "), 6, raw=True, temperature=0)
    assert greedy.startswith(rest)
    assert not greedy.removeprefix(rest)[:1].isalpha()
    assert f"{token.piece}{rest}".replace("▁", "␣") in shown(panel).text


@pytest.mark.slow
def test_the_sliders_filter_the_chart(panel):
    sliders = panel._sliders
    sliders.top_k.value = 3
    assert "3 of 2,048 tokens can be drawn." in shown(panel).text
    assert sum(token.kept > 0 for token in panel._chart().tokens) == 3
    assert panel._chart().others[2] == 0
    assert shown(panel).text.count("left out") == 6
    assert "3 of 2,048" in panel._live_region.value
    sliders.top_k.value = 0
    sliders.top_p.value = 0.05
    assert "1 of 2,048 tokens can be drawn." in shown(panel).text
    sliders.temperature.value = 0
    assert "the likeliest token is always taken" in shown(panel).text
    assert panel.sampling == type(panel.sampling)(0, 0, 0.05)


@pytest.mark.slow
def test_drawing_adds_the_tokens_that_greedy_writes(model):
    panel = gnb.NextTokenPanel(model, BEGUN, 3, raw=True, temperature=0, lang="en")
    for _ in range(6):
        panel.draw()
    expected = list(model.stream_ids(BEGUN, 6, raw=True, temperature=0))
    assert panel._ids == [*model.prompt_ids(BEGUN, raw=True), *expected]
    assert panel.written == BEGUN + model.generate(BEGUN, 6, raw=True, temperature=0)
    assert "Drawn: " in panel._note.value
    panel._on_reset()
    assert panel.written == BEGUN
    assert panel._note.value == ""


@pytest.mark.slow
def test_another_text_and_one_that_is_too_long(panel, model):
    before = shown(panel).text
    panel._field.value = "one two"
    assert panel._ids == model.prompt_ids("one two", raw=True)
    assert shown(panel).text != before
    kept = shown(panel).text
    panel._field.value = "word " * 200
    assert "max_length" in panel._note.value
    assert shown(panel).text == kept


@pytest.mark.slow
def test_the_reply_to_a_question_ends_with_a_control_token():
    model = gnb.load("demo_gemma3_instruct_1m", max_length=128)
    panel = gnb.NextTokenPanel(model, "What is the capital of Japan?", 3, temperature=0, lang="ja")
    for _ in range(30):
        panel.draw()
        if "制御トークン" in panel._note.value:
            break
    assert panel.written == model.generate("What is the capital of Japan?", temperature=0)
    assert "<end_of_turn>" in ParsedHtml(panel._note.value).text
    assert not any(word in shown(panel).text for word in ("Token", "model", "tokens"))
    model.unload()
    panel._field.value = "x"
    assert "gnb-error" in panel._note.value


@pytest.mark.slow
def test_markup_in_the_text_and_in_tokens_is_text(model):
    attack = '<img src=x onerror="alert(1)"></textarea><script>alert(1)</script>'
    panel = gnb.NextTokenPanel(model, attack, 50, raw=True)
    page = ParsedHtml(panel.static_html())
    assert not {"img", "script", "textarea"} & set(page.tags)
    assert attack in page.text


@pytest.mark.slow
def test_drawing_follows_the_probabilities(model):
    panel = gnb.NextTokenPanel(model, BEGUN, 2, raw=True, top_k=2, lang="en")
    panel._random = np.random.default_rng(1)
    first, second = panel._chart().tokens
    drawn = []
    for _ in range(40):
        panel._on_reset()
        panel.draw()
        drawn.append(panel._ids[-1])
    assert set(drawn) == {first.id, second.id}
    assert drawn.count(first.id) / 40 == pytest.approx(first.kept, abs=0.25)


@pytest.mark.slow
def test_refuses_what_has_no_meaning(model):
    for bad in (0, 51, True):
        with pytest.raises(InvalidInput, match="count"):
            gnb.NextTokenPanel(model, BEGUN, bad, raw=True)
    with pytest.raises(InvalidInput, match="temperature"):
        gnb.NextTokenPanel(model, BEGUN, raw=True, temperature=-1)
    with pytest.raises(InvalidInput, match="next_tokens"):
        gnb.NextTokenPanel("gemma", BEGUN)
