"""The prompt inspector in real notebook programs, used as a person uses it."""

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]

ATTACKS = (
    '<img src=x onerror="window.hacked=1">',
    "</script><script>window.hacked=1</script>",
    "[link](javascript:window.hacked=1)",
    "</textarea><svg onload=window.hacked=1>",
    "\\[ \\href{javascript:window.hacked=1}{x} \\] $x$",
    "\u202e😀 ' \" {0} %s \x07 " + "x" * 300,
)


@pytest.fixture
def opened(host, browser):
    """Opens inspectors, and closes what was opened."""
    books = []

    def open_(arguments="", more=(), **page):
        code = f"import gemma_nb as gnb\ninspector = gnb.PromptInspector({arguments})\ninspector"
        page = {"viewport": {"width": 1200, "height": 1700}, **page}
        book = host.book(browser, f"inspector{len(books)}", [code, *more], **page)
        books.append(book)
        book.run()
        book.widget().wait_for(timeout=90_000)
        return book

    yield open_
    for book in books:
        book.close()


def shown(book, text, where=".gnb-prompt"):
    """Waits until a text stands somewhere in the widget."""
    book.widget().locator(where).filter(has_text=text).first.wait_for(
        state="attached" if where == ".gnb-live" else "visible", timeout=30_000
    )


def field(book, label):
    return book.widget().get_by_label(label, exact=True)


def boxed(book, side=0):
    """The control tokens of one of the two prompts."""
    return book.widget().locator(".gnb-prompt").nth(side).locator("b.gnb-ctl").all_inner_texts()


def test_it_shows_as_one_types_what_the_model_is_sent(opened, host):
    book = opened()
    page = book.page
    shown(book, "What is the capital of Japan?")
    said = field(book, "Text of message 1")
    said.fill("")
    # key by key: the prompt follows without leaving the field
    said.press_sequentially("Hi there", delay=30)
    shown(book, "Hi there")
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    assert boxed(book) == ["<start_of_turn>", "<end_of_turn>", "<start_of_turn>"]
    assert boxed(book, 1) == ["<|turn>", "<turn|>", "<|turn>"]
    # what is typed cannot become a control token
    said.press_sequentially(" <end_of_turn>")
    shown(book, "What you type cannot become a control token", ".gnb-note")
    assert boxed(book) == ["<start_of_turn>", "<end_of_turn>", "<start_of_turn>"]
    assert book.widget().locator(".gnb-tokens li.gnb-is-ctl").count() == 4  # with <bos>
    # a conversation grows and shrinks
    press(book, "Add a message")
    field(book, "Text of message 2").fill("Hello")
    press(book, "Add a message")
    field(book, "Text of message 3").fill("Bye")
    shown(book, "Bye")
    press(book, "Add a system prompt")
    shown(book, "patient teacher")
    assert len(boxed(book, 1)) == 9
    press(book, "Remove message 3")
    shown(book, "Roles must alternate", ".gnb-error")
    shown(book, "Roles must alternate", ".gnb-live")
    press(book, "Remove message 1")
    press(book, "Remove message 1")
    shown(book, "Bye")
    assert book.widget().locator(".gnb-error").count() == 0
    # another variant and an example, from the lists
    field(book, "Format of").select_option("gemma4_instruct_2b")
    page.wait_for_timeout(500)
    assert boxed(book)[0] == "<|turn>"
    field(book, "Room: max_length (tokens)").fill("10")
    field(book, "Room: max_length (tokens)").press("Enter")
    shown(book, "more than max_length=10", ".gnb-error")
    assert book.problems == []


def press(book, name):
    book.widget().get_by_role("button", name=name, exact=True).click()
    book.page.wait_for_timeout(300)


def test_a_pasted_prompt_is_checked(opened):
    book = opened("'Hi'")
    own = field(book, "Your prompt for demo_gemma3_instruct_4m")
    press(book, "Take the prompt from above")
    shown(book, "No fault found", ".gnb-note")
    own.fill("<bos><start_of_turn>assistant\nHi<end_of_turn>[INST]")
    shown(book, "⟦1⟧")
    assert book.widget().locator("ol:not(.gnb-tokens) li").count() >= 3
    assert book.faults() == []
    for attack in ATTACKS:
        own.fill(attack)
        book.page.wait_for_timeout(500)
        field(book, "Text of message 1").fill(attack)
        shown(book, attack[:12].strip().split("\x07")[0])
    assert book.page.evaluate("window.hacked") is None
    assert book.widget().locator("img, script, svg, a[href^=javascript]").count() == 0
    assert book.problems == []


def test_an_image_goes_in_and_out(opened):
    book = opened("'What is this?', 'gemma3_instruct_4b'")
    png = {"name": "<b>cat.png", "mimeType": "image/png", "buffer": b"\x89PNG nothing"}
    with book.page.expect_file_chooser() as chooser:
        book.widget().get_by_role("button", name=re.compile("Add an image")).click()
    chooser.value.set_files(png)
    shown(book, "<start_of_image>")
    out = book.widget().get_by_role("button", name=re.compile("Remove ‹b›cat.png"))
    out.click()
    book.page.wait_for_timeout(500)
    assert "<start_of_image>" not in boxed(book)
    assert book.problems == []


def test_it_is_readable_on_every_page(opened):
    book = opened()
    page = book.page
    examples = field(book, "An example to start from")
    examples.select_option(label="Somebody types control tokens")
    shown(book, "What you type cannot become a control token", ".gnb-note")
    assert not book.copy().is_visible()
    assert book.faults() == []
    assert book.overflow() <= 1
    book.picture("inspector_en")
    # 200 % zoom is half as many CSS pixels
    for width in (600, 360):
        page.set_viewport_size({"width": width, "height": 1200})
        page.wait_for_timeout(500)
        assert book.overflow() <= 1, width
        assert book.faults() == []
    page.set_viewport_size({"width": 360, "height": 3600})
    book.picture("inspector_narrow_en")
    page.set_viewport_size({"width": 1200, "height": 2600})
    book.dark()
    examples.select_option(label="Tools")
    shown(book, "get_weather")
    assert book.faults() == []
    book.picture("inspector_dark_en")
    assert book.problems == []


def test_by_keyboard_alone(opened):
    book = opened("'Hi'")
    page = book.page
    field(book, "Format of").focus()
    page.keyboard.press("End")
    last = field(book, "Format of").locator("option").last.inner_text()
    shown(book, f"What {last} is sent", "h4")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "TEXTAREA":
            break
    page.keyboard.type(" there")
    shown(book, "there")
    assert book.problems == []


def test_in_japanese(opened):
    book = opened("lang='ja'")
    shown(book, "日本の首都はどこですか")
    field(book, "例から始める").select_option(label="制御トークンを入力した人がいる場合")
    shown(book, "制御トークンになることはありません", ".gnb-note")
    text = book.widget().inner_text()
    assert not re.search(r"\b(tokens|Remove|sent|message)\b", text), text
    assert book.faults() == []
    book.picture("inspector_ja")
    book.page.set_viewport_size({"width": 360, "height": 3600})
    book.page.wait_for_timeout(500)
    assert book.overflow() <= 1
    book.picture("inspector_narrow_ja")


def test_reopened_without_its_kernel(opened):
    book = opened("'Hi <end_of_turn>'")
    shown(book, "Hi <end_of_turn>")
    field(book, "Text of message 1").fill("The last <b>word</b>")
    shown(book, "The last <b>word</b>")
    book.reopen("The last <b>word</b>")
    assert book.copy().locator("b").all_inner_texts() == [
        "<start_of_turn>",
        "<end_of_turn>",
        "<start_of_turn>",
    ]
