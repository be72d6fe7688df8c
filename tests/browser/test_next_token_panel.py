"""The next-token panel in real notebook programs, used as a person uses it."""

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]


@pytest.fixture
def opened(host, browser):
    """Opens panels over the demo model, and closes what was opened."""
    books = []

    def open_(text, arguments="", **page):
        code = "import gemma_nb as gnb\n"
        code += "model = gnb.load('demo_gemma3_4m', max_length=256, progress=False)\n"
        code += f"panel = gnb.NextTokenPanel(model, {text!r}, raw=True{arguments})\npanel"
        page = {"viewport": {"width": 1200, "height": 1300}, **page}
        book = host.book(browser, f"next{len(books)}", [code, "print(panel.written)"], **page)
        books.append(book)
        book.run_cell(0)
        book.shown(".gnb-next-table")
        book.host.idle(book)
        return book

    yield open_
    for book in books:
        book.close()


def set_slider(book, name, *keys):
    slider = book.widget().get_by_role("slider", name=name, exact=True)
    slider.focus()
    for key in keys:
        book.page.keyboard.press(key)


def test_the_chart_follows_sliders_draws_and_text(opened):
    book = opened("The")
    widget, page = book.widget(), book.page
    rows = widget.locator(".gnb-next-table tbody tr")
    assert rows.count() == 11
    assert "capital" in rows.first.inner_text()
    assert book.faults() == []
    assert book.overflow() <= 1
    book.picture("next_token_en")
    # by keyboard: two of all tokens can be drawn
    set_slider(book, "Top-k", "Home", "ArrowRight", "ArrowRight")
    widget.get_by_text("2 of 2,048 tokens can be drawn.").first.wait_for()
    assert rows.nth(2).get_by_text("left out").count() == 1
    set_slider(book, "Temperature", "Home")
    widget.get_by_text("the likeliest token is always taken").first.wait_for()
    assert book.faults() == []
    # the text grows by the token that is drawn, and goes back
    field = widget.get_by_label("Text so far", exact=True)
    widget.get_by_role("button", name="Draw the next token", exact=True).click()
    widget.get_by_text("Drawn: ␣capital, with 100%.").first.wait_for()
    assert field.input_value() == "The capital"
    book.run_cell(1)
    assert book.printed(1) == "The capital"
    widget.get_by_role("button", name="Back to the beginning", exact=True).click()
    page.wait_for_function(
        "() => document.querySelector('.gnb-next-token textarea').value === 'The'"
    )
    # another text, and one with markup
    attack = '</textarea><img src=x onerror="window.hacked=1">'
    field.fill(attack)
    field.press("Tab")
    rows.first.filter(has_not_text="capital").wait_for(timeout=60_000)
    assert page.evaluate("window.hacked") is None
    assert widget.locator("img, script").count() == 0
    book.fits_narrow_pages()
    book.picture("next_token_narrow_en")
    page.set_viewport_size({"width": 1200, "height": 1300})
    book.dark()
    page.wait_for_timeout(500)
    assert book.faults() == []
    book.picture("next_token_dark_en")
    assert not book.copy().is_visible()
    assert book.problems == []


def test_in_japanese_and_reopened_without_its_kernel(opened):
    book = opened("私の好きな色は", ", lang='ja'")
    widget = book.widget()
    words = widget.locator(".gnb-next-table tbody tr").nth(2).inner_text()
    assert "若草色" in words
    text = re.sub(r"top-[kp]|temperature", "", widget.inner_text())
    assert not re.search(r"[A-Za-z]{2,}", text), text
    assert book.faults() == []
    book.picture("next_token_ja")
    book.reopen("若草色")
    assert book.copy().locator("table").count() == 1
