"""The trace panel without a browser: what it shows, computes, refuses, and does not let through."""

import re
import subprocess
import sys

import pytest
from parsed_html import ParsedHtml

import gemma_nb as gnb
from gemma_nb.errors import InvalidInput
from gemma_nb.widgets.base.panel import WIDGET_VIEW
from gemma_nb.widgets.trace import attention_view, trace_view

pytestmark = pytest.mark.slow

QUESTION = "What is the capital of Japan?"
ATTACKS = (
    '<img src=x onerror="alert(1)">',
    "</script><script>alert(1)</script>",
    "</ol><svg onload=alert(1)>",
    '" onmouseover="alert(1)',
)


@pytest.fixture(scope="module")
def model():
    return gnb.load("demo_gemma3_instruct_1m", max_length=512)


@pytest.fixture(scope="module")
def seen(model):
    return gnb.trace(model, QUESTION, reply="The capital of Japan is Tokyo.")


def shown(panel):
    """What a reader sees in the present view."""
    return ParsedHtml(panel._content.value)


def test_each_token_has_its_probability_and_alternatives_in_words(seen):
    panel = gnb.TracePanel(seen)
    page = shown(panel)
    assert page.tags.count("li") == len(seen.tokens) + 1  # and what comes next
    assert page.attributes.count(("tabindex", "0")) == len(seen.tokens) + 1
    for token in seen.tokens[1:]:
        chance = trace_view.percent(token.probability)
        assert f": {chance}" in page.text
        assert token.alternatives[0].piece.replace("▁", "␣").replace("\n", "⏎") in page.text
    assert "Prompt" in page.text
    assert "Reply" in page.text


@pytest.mark.parametrize(
    ("probability", "level"),
    [(None, None), (0.0, 0), (0.0099, 0), (0.01, 1), (0.1, 2), (0.5, 3), (0.9, 4), (1.0, 4)],
)
def test_five_levels(probability, level):
    expected = None if level is None else f"gnb-q{level}"
    assert trace_view.level_class(probability) == expected


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (None, "–"),
        (0.0, "<0.1%"),
        (0.0123, "1.2%"),
        (0.0994, "9.9%"),
        (0.0996, "10%"),
        (0.5, "50%"),
        (0.9949, "99%"),
        (0.9962, "99.6%"),
        (0.9996, "100%"),
    ],
)
def test_percentages_tell_what_is_nearly_certain_from_what_is(probability, words):
    assert trace_view.percent(probability) == words


def test_the_layers(seen):
    panel = gnb.TracePanel(seen)
    panel.view = "layers"
    page = shown(panel)
    part = trace_view.part_of(seen, seen.prompt_length - 1)
    rows = len(re.findall("<tr", panel._content.value))
    assert rows == seen.layers + 1
    assert page.tags.count("td") == seen.layers * len(part)
    assert panel._content.value.count('class="gnb-global"') == seen.windows.count(None)
    assert "what the model says" in page.text
    # the last row is what the model says, and the demo model says this sentence
    assert page.text.count("✓") >= len(part) - 1
    assert len(trace_view.column_starts(seen)) > 1
    panel._columns_list.value = 0
    assert "<bos>" in shown(panel).text


def test_the_parts_of_the_table_hold_every_token_once(seen):
    parts = [trace_view.part_of(seen, at) for at in trace_view.column_starts(seen)]
    assert [i for part in parts for i in part] == [*range(len(seen.tokens))]
    assert max(map(len, parts)) <= trace_view.COLUMNS
    assert seen.prompt_length - 1 in [part.start for part in parts]


def test_attention_as_lines_and_as_a_table(seen):
    panel = gnb.TracePanel(seen)
    panel.select(layer=1, head=2, token=9)
    page = shown(panel)
    weights = seen.attention(1)[2, 9]
    assert page.tags.count("line") == int((weights[:10] >= 0.03).sum())
    strongest = int(weights.argmax())
    first = re.search(r"9: .*?(\d+): ", page.text[page.text.index("It looks at") :])
    assert first[1] == str(strongest)
    assert "head 2" in page.text
    assert dict(page.attributes)["role"] in {"img", "region"}
    panel.select(layer=1, token=9)  # the mean of all heads
    assert "mean of all" in shown(panel).text


def test_a_sliding_layer_reaches_its_window_only(seen):
    """Tokens before the window are faint; the demo's window is longer than this text."""
    from dataclasses import replace

    short = replace(seen, windows=(4,) * seen.layers)
    reach = attention_view._reach(short, 0, range(10, 11))
    assert reach == range(7, 11)
    assert attention_view._reach(seen, seen.windows.index(None), range(10, 11)) == range(11)


def test_a_long_text_is_drawn_in_parts(model):
    long = gnb.trace(model, "one two three four five six " * 12, reply="")
    panel = gnb.TracePanel(long)
    parts = attention_view.attention_parts(long)
    assert len(parts) > 1
    panel.select(layer=0, token=len(long.tokens) - 1)
    assert panel._part_list.value == parts[-1].start
    assert f"({parts[-1].start} earlier)" in shown(panel).text
    panel._part_list.value = 0
    assert "earlier" not in shown(panel).text
    assert "(no reply)" not in shown(panel).text
    panel.view = "words"
    assert "(no reply)" in shown(panel).text


def test_a_model_is_asked_at_once_and_again(model):
    panel = gnb.TracePanel(model, max_new_tokens=4)
    assert panel.trace.tokens[-1].in_reply
    assert panel._question.value == QUESTION
    panel._question.value = "12 + 30?"
    panel._on_run()
    text = "".join(t.piece for t in panel.trace.tokens)
    assert "12 + 30?" in text.replace("▁", " ")
    assert "Japan" not in text
    assert panel._note.value == ""
    panel._question.value = "word " * 600
    panel._on_run()
    assert "more than trace can read" in panel._note.value
    assert "Japan" not in panel._content.value


@pytest.mark.parametrize("attack", ATTACKS)
def test_text_of_a_person_or_a_model_never_becomes_markup(model, attack):
    panel = gnb.TracePanel(gnb.trace(model, attack, reply=attack))
    pages = []
    for view in ("words", "layers", "attention"):
        panel.view = view
        pages += [panel._content.value, panel._title.value, panel.static_html()]
    panel._columns_list.value = 0
    for page in map(ParsedHtml, pages):
        assert not {"img", "script", "style", "iframe"} & set(page.tags)
        assert not [name for name, _ in page.attributes if name.startswith("on")]


def test_the_two_forms_without_a_widget(seen):
    panel = gnb.TracePanel(seen)
    panel.view = "layers"
    bundle = panel._repr_mimebundle_()
    assert set(bundle) == {WIDGET_VIEW, "text/html", "text/plain"}
    page = ParsedHtml(bundle["text/html"])
    assert page.tags.count("table") == 2
    for token in seen.tokens[1:]:
        assert trace_view.percent(token.probability) in page.text
    assert len(bundle["text/plain"].splitlines()) > len(seen.tokens)
    assert "<td>" not in bundle["text/plain"]


def test_in_japanese(seen):
    panel = gnb.TracePanel(seen, lang="ja")
    pages = [panel._title.value, panel._content.value]
    for view in ("layers", "attention"):
        panel.view = view
        pages.append(panel._content.value)
    text = "".join(ParsedHtml(page).text for page in pages)
    assert "グローバル" in text
    assert not re.search(r"\b(sliding|global|layer|head|Prompt|Reply|below)\b", text)
    labels = [panel._views.description, panel._layer_list.description, panel._layer_list.label]
    assert not re.search(r"[a-z]{4}", "".join(labels))


def test_arguments_that_it_does_not_take(model, seen):
    with pytest.raises(InvalidInput, match="Trace or a loaded model"):
        gnb.TracePanel("gemma3_1b")
    with pytest.raises(InvalidInput, match="its messages already"):
        gnb.TracePanel(seen, "Hi")
    panel = gnb.TracePanel(seen)
    with pytest.raises(InvalidInput, match="no view"):
        panel.view = "heads"
    for bad in (-1, 99, 1.5, "0"):
        for name in ("layer", "head", "token"):
            if (name, bad) != ("token", 99):
                with pytest.raises(InvalidInput):
                    panel.select(**{name: bad})
    with pytest.raises(InvalidInput, match="0 to"):
        panel.select(token=len(seen.tokens))
    assert panel.view == "words"
    with pytest.raises(InvalidInput, match="'fr'"):
        gnb.TracePanel(seen, lang="fr")


def test_after_unloading_it_says_so_and_keeps_what_it_has():
    own = gnb.load("demo_gemma3_1m", max_length=64)
    panel = gnb.TracePanel(own, "The capital of", reply="", raw=True)
    own.unload()
    panel.view = "layers"
    assert "unloaded" in panel._note.value
    panel.view = "words"
    assert panel._note.value == ""
    assert "capital" in shown(panel).text


def test_every_control_has_a_label(seen):
    panel = gnb.TracePanel(seen)
    for control in (
        *(panel._question, panel._views, panel._columns_list, panel._layer_list),
        *(panel._head_list, panel._part_list, panel._token_list),
    ):
        assert control.description


def test_importing_the_panel_imports_no_keras():
    code = "import sys, gemma_nb.widgets.trace.trace_panel as _; "
    code += "print([m for m in ('keras', 'jax') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
