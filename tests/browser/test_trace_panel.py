"""The trace panel in real notebook programs, used as a person uses it."""

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]

ATTACK = '</ol><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'


@pytest.fixture
def opened(host, browser):
    """Opens panels over the demo model, and closes what was opened."""
    books = []

    def open_(arguments="", **page):
        code = "import gemma_nb as gnb\n"
        code += "model = gnb.load('demo_gemma3_instruct_1m', max_length=256, progress=False)\n"
        code += f"panel = gnb.TracePanel(model{arguments})\npanel"
        page = {"viewport": {"width": 1200, "height": 1500}, **page}
        book = host.book(browser, f"trace{len(books)}", [code], **page)
        books.append(book)
        book.run()
        book.shown("ol.gnb-words li")
        book.host.idle(book)
        return book

    yield open_
    for book in books:
        book.close()


def press(book, name):
    book.widget().get_by_role("button", name=name, exact=True).click()


def word(book, text):
    """A token of the text."""
    words = book.widget().locator("ol.gnb-words > li")
    return words.filter(has_text=re.compile(rf"^\s*{re.escape(text)}")).first


def test_from_the_words_to_the_layers_to_the_heads(opened):
    book = opened()
    page, panel = book.page, book.widget()
    # pointing at a token shows what was expected there, in place of the hint
    detail = word(book, "capital").locator(".gnb-detail")
    assert not detail.is_visible()
    word(book, "capital").hover()
    detail.wait_for(timeout=5000)
    assert "%" in detail.inner_text()
    page.mouse.move(0, 0)
    # so does the keyboard
    word(book, "<start_of_turn>").focus()
    page.keyboard.press("Tab")
    focused = page.locator("li:focus .gnb-detail")
    focused.wait_for(timeout=5000)
    assert "user" in focused.inner_text()
    assert book.faults() == []
    assert book.overflow() <= 1
    book.picture("trace_words_en")

    press(book, "Layer by layer")
    panel.locator("table.gnb-lens").wait_for(timeout=60_000)
    rows = panel.locator("table.gnb-lens tbody tr")
    assert "what the model says" in rows.last.inner_text()
    assert "✓" in rows.last.inner_text()
    assert panel.locator("tr.gnb-global").count() >= 1
    panel.get_by_label("Tokens in the table", exact=True).select_option(index=0)
    panel.locator("thead", has_text="<bos>").wait_for(timeout=30_000)
    columns = panel.locator(".gnb-field", has=page.get_by_label("Tokens in the table", exact=True))
    assert columns.evaluate("e => e.offsetHeight") < 80  # no empty strip around it
    assert book.empty_rows() == []
    assert book.faults() == []
    book.picture("trace_layers_en")

    press(book, "Attention")
    panel.locator("svg.gnb-lines line").first.wait_for(timeout=60_000)
    panel.get_by_label("Layer", exact=True).select_option(index=0)
    panel.get_by_label("Head", exact=True).select_option(label="head 1")
    panel.get_by_label("From token", exact=True).select_option(label="4: What")
    panel.locator("h4", has_text="Layer 0 (sliding").filter(has_text="head 1").wait_for()
    panel.locator("th", has_text="4: What").wait_for(timeout=30_000)
    assert panel.locator("tbody tr").count() == 1
    assert book.faults() == []
    book.fits_narrow_pages()
    book.picture("trace_attention_narrow_en")
    press(book, "Probabilities")
    panel.locator("ol.gnb-words").first.wait_for()
    assert book.overflow() <= 1
    page.set_viewport_size({"width": 1200, "height": 1500})
    book.dark()
    page.wait_for_timeout(500)
    assert book.faults() == []
    book.picture("trace_words_dark_en")
    assert not book.copy().is_visible()
    assert book.problems == []


def test_another_question_and_one_with_markup(opened):
    book = opened(", max_new_tokens=4")
    panel = book.widget()
    field = panel.get_by_label("Question", exact=True)
    field.fill(f"Hello {ATTACK}")
    press(book, "Look inside")
    done = panel.locator(".gnb-live", has_text="tokens were read")
    done.wait_for(state="attached", timeout=60_000)
    assert word(book, "<").count() == 1
    for view, inside in (("Layer by layer", "table.gnb-lens"), ("Attention", "svg.gnb-lines")):
        press(book, view)
        panel.locator(inside).wait_for(timeout=60_000)
    book.host.idle(book)
    assert book.page.evaluate("window.hacked") is None
    assert panel.locator("img, script").count() == 0
    field.fill("word " * 400)
    press(book, "Look inside")
    panel.locator(".gnb-error", has_text="more than trace can read").wait_for(timeout=60_000)
    assert book.problems == []


def test_texts_and_clicks_are_handled_on_one_thread(host, browser):
    """On two threads a click may overtake the text before it."""
    code = """import threading
import gemma_nb as gnb
from ipywidgets import Button
model = gnb.load('demo_gemma3_instruct_1m', max_length=256, progress=False)
panel = gnb.TracePanel(model, max_new_tokens=4)
threads = []
def note(*_):
    threads.append(threading.current_thread().name)
def below(widget):
    yield widget
    for child in getattr(widget, 'children', ()):
        yield from below(child)
for widget in below(panel.root):
    if isinstance(widget, Button):
        widget.on_click(note)
panel._question.observe(note, 'value')
panel"""
    book = host.book(browser, "threads", [code, "print(len(threads), len(set(threads)))"])
    try:
        book.run()
        panel = book.widget()
        for number in (1, 2, 3):
            panel.locator("ol.gnb-words li").first.wait_for(timeout=90_000)
            panel.get_by_label("Question", exact=True).fill(f"Hello {number}")
            press(book, "Look inside")
            panel.locator("ol.gnb-words li", has_text=f"{number}").first.wait_for(timeout=60_000)
        book.run_cell(1)
        book.out(1).get_by_text("6 1", exact=True).wait_for(timeout=30_000)
    finally:
        book.close()


def test_in_japanese_and_reopened_without_its_kernel(opened):
    book = opened(", lang='ja'")
    panel = book.widget()
    panel.locator("ol.gnb-words > li", has_text="首都").first.wait_for()
    text = panel.inner_text()
    assert not re.search(r"\b(Prompt|Reply|Attention|Layer|below)\b", text), text
    press(book, "層ごと")
    panel.locator("table.gnb-lens", has_text="グローバル").wait_for(timeout=60_000)
    assert book.faults() == []
    book.picture("trace_layers_ja")
    book.reopen("モデルの答え")
    assert book.copy().locator("table").count() == 2
