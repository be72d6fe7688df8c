"""The chat's probabilities, its settings at the side, and its field, in real notebook programs."""

import os
import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]

QUESTION = "What is the capital of Japan?"


@pytest.fixture
def opened(host, browser):
    """Opens chats, and closes what was opened."""
    books = []

    def open_(arguments="", **page):
        code = "import gemma_nb as gnb\nmodel = gnb.load(max_length=512, progress=False)\n"
        code += f"panel = gnb.ChatPanel(model{arguments})\npanel"
        page = {"viewport": {"width": 1200, "height": 1500}, **page}
        book = host.book(browser, f"words{len(books)}", [code], **page)
        books.append(book)
        book.run_cell(0)
        book.widget().locator(".gnb-keys-hint").wait_for(timeout=180_000)
        return book

    yield open_
    for book in books:
        book.close()


def field(book):
    return book.widget().locator(".gnb-say textarea")


def ask(book, question, turns, answer):
    field(book).fill(question)
    field(book).press("Enter")
    reply = book.widget().locator(".gnb-reply").nth(turns - 1)
    reply.filter(has_text=answer).wait_for(timeout=90_000)
    book.widget().locator("button.gnb-send:enabled").wait_for(timeout=90_000)


def switch(book, label):
    book.widget().get_by_label(label, exact=True).click()


def test_the_words_of_a_reply_by_mouse_and_by_keyboard(opened):
    book = opened()
    widget, page = book.widget(), book.page
    ask(book, QUESTION, 1, "Tokyo")
    assert widget.locator("ol.gnb-words").count() == 0
    switch(book, "Show how likely each word was")
    words = widget.locator("ol.gnb-words > li")
    words.first.wait_for(timeout=60_000)
    widget.locator("button.gnb-send:enabled").wait_for()
    tokyo = words.filter(has_text=re.compile(r"^\s*Tokyo"))
    detail = tokyo.locator(".gnb-detail")
    assert not detail.is_visible()
    tokyo.hover()
    detail.wait_for(timeout=5000)
    assert re.search(r"Tokyo: [\d.]+%", detail.inner_text())
    # the details cover the hint below the conversation, and no text of it
    inside = "e => {const r = e.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]}"
    transcript = widget.locator(".gnb-transcript").evaluate(inside)
    place = detail.evaluate(inside)
    assert place[1] >= transcript[3] - 1
    assert place[2] - place[0] > 400
    if folder := os.environ.get("GEMMA_NB_PICTURES"):  # Book.picture moves the mouse away
        widget.screenshot(path=f"{folder}/chat_words_en.png")
    page.mouse.move(0, 0)
    # one stop of the Tab key, then arrow keys
    assert widget.locator("ol.gnb-words > li[tabindex='0']").count() == 1
    words.first.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.textContent.trim()").startswith("capital")
    page.locator("li:focus .gnb-detail").wait_for(timeout=5000)
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.textContent.trim()").startswith(".")
    page.keyboard.press("Home")
    assert page.evaluate("document.activeElement.textContent.trim()").startswith("The")
    # the same as a table
    widget.locator(".gnb-reply summary").click()
    assert "Tok" in widget.locator(".gnb-reply table").inner_text()
    assert book.faults() == []
    # a reply that arrives while the switch is on
    ask(book, "What is 12 + 30?", 2, "42")
    widget.locator("ol.gnb-words").nth(1).wait_for(timeout=60_000)
    book.fits_narrow_pages()
    book.picture("chat_words_narrow_en")
    page.set_viewport_size({"width": 1200, "height": 1500})
    book.dark()
    page.wait_for_timeout(500)
    assert book.faults() == []
    book.picture("chat_words_dark_en")
    switch(book, "Show how likely each word was")
    widget.locator("ol.gnb-words").first.wait_for(state="detached")
    assert book.problems == []


def test_settings_fold_the_field_grows_and_sending_jumps_to_the_end(opened):
    book = opened()
    widget, page = book.widget(), book.page
    slider = widget.get_by_role("slider", name="Temperature", exact=True)
    assert not slider.is_visible()
    fold = widget.get_by_role("button", name="Settings", exact=True)
    assert fold.get_attribute("aria-expanded") == "false"
    fold.focus()
    page.keyboard.press("Enter")
    slider.wait_for()
    page.wait_for_function("() => document.querySelector('.gnb-fold[aria-expanded=true]')")
    # at the side of the conversation
    left = widget.locator(".gnb-side").bounding_box()["x"]
    talk = widget.locator(".gnb-talk").bounding_box()
    assert left >= talk["x"] + talk["width"]
    assert book.faults() == []
    book.picture("chat_settings_en")
    page.set_viewport_size({"width": 600, "height": 1500})
    page.wait_for_timeout(500)
    assert book.overflow() <= 1
    page.set_viewport_size({"width": 1200, "height": 1500})
    fold.click()
    slider.wait_for(state="hidden")
    # the field grows with its lines, up to a height at which it scrolls, and is small again
    height = "e => e.getBoundingClientRect().height"
    small = field(book).evaluate(height)
    field(book).press_sequentially("one")
    for _ in range(6):
        page.keyboard.press("Shift+Enter")
    assert field(book).evaluate(height) > small + 60
    for _ in range(30):
        page.keyboard.press("Shift+Enter")
    assert field(book).evaluate(height) <= 330
    field(book).fill("")
    # a long conversation, read from its beginning: the next message is in sight when it is sent
    for turn in range(1, 7):
        ask(book, QUESTION, turn, "Tokyo")
    scroll = "e => Math.abs(e.scrollTop)"
    transcript = widget.locator(".gnb-transcript")
    transcript.evaluate("e => {e.scrollTop = -e.scrollHeight}")
    assert transcript.evaluate(scroll) > 50
    ask(book, "What is 12 + 30?", 7, "42")
    assert transcript.evaluate(scroll) < 2
    assert field(book).evaluate(height) == pytest.approx(small, abs=2)
    assert book.problems == []
