"""The chat panel in real notebook programs, with the demo model behind it."""

import io
import itertools
import json
import re
import time

import pytest
from PIL import Image

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]

QUESTION = "What is the capital of Japan?"
ANSWER = "The capital of Japan is Tokyo."
ATTACKS = (
    '<img src=x onerror="window.hacked=1">',
    "</script><script>window.hacked=1</script>",
    "[link](javascript:window.hacked=1)",
    "</textarea><svg onload=window.hacked=1>",
    "![spy](https://example.org/spy.png)",
    "\\[ \\href{javascript:window.hacked=1}{x} \\] $x$",
)
# a progress bar, which only a slow machine shows, would be one more output of the cell
START = "import gemma_nb as gnb\nmodel = gnb.load(progress=False)\n"
#: A model that goes on past its stop token, as fast as it is.
LONG = """
real, stops = model._decoder.tokens, model._stops
def long(*a, **k):
    for token in real(*a, **k):
        time.sleep(PAUSE)
        yield 1230 + token % 7 if token in stops else token
model._decoder.tokens = long
"""
#: A model that says what stands in SAYS, through everything behind the decoder.
SCRIPTED = """
def scripted(*a, **k):
    yield from map(int, model.tokenizer.tokenize(SAYS))
    yield next(iter(model._stops))
model._decoder.tokens = scripted
"""
#: Notes each state of the last answer that the page is in.
WATCH = """() => {
  window.states = [];
  const look = () => {
    const said = [...document.querySelectorAll('.gnb-reply p')].pop();
    const text = said ? said.innerText : '';
    if (text && states[states.length - 1] !== text) states.push(text);
  };
  new MutationObserver(look).observe(document.querySelector('.gnb-transcript'),
                                     {childList: true, subtree: true, characterData: true});
}"""


@pytest.fixture
def opened(host, browser):
    """Opens chats, and closes what was opened."""
    books = []

    def open_(arguments="", before="", more=(), alone=False, **page):
        code = f"{START}{before}panel = gnb.ChatPanel(model{arguments})\npanel"
        page = {"viewport": {"width": 1200, "height": 1500}, **page}
        book = host.book(browser, f"chat{len(books)}", [code, *more], **page)
        books.append(book)
        book.run_cell(0) if alone else book.run()
        book.widget().wait_for(timeout=180_000)
        # Enter sends once the page's script lives
        book.widget().locator(".gnb-keys-hint").wait_for()
        return book

    yield open_
    for book in books:
        book.close()


def message(book):
    return book.widget().locator(".gnb-say textarea")


def say(book, text, key="Enter"):
    message(book).fill(text)
    if key:
        message(book).press(key)


def button(book, name):
    return book.widget().get_by_role("button", name=name, exact=True)


def answered(book, turns, text=ANSWER):
    """Waits until that many turns are answered, the last one so."""
    replies = book.widget().locator(".gnb-reply")
    replies.nth(turns - 1).filter(has_text=text).wait_for(timeout=90_000)
    # Send is switched off a moment after the reply's place appears: the note comes at its end
    turn = book.widget().locator(".gnb-turn").nth(turns - 1)
    turn.locator("small", has_text=re.compile(r"\d")).first.wait_for(timeout=90_000)
    ready(book)
    assert replies.count() == turns


def ready(book):
    """Waits until nothing is being made, and all that can be pressed then is switched on."""
    book.widget().locator("button.gnb-send:enabled").wait_for(timeout=90_000)
    if book.widget().locator(".gnb-reply").count():
        book.widget().locator("button.gnb-refocus:enabled").first.wait_for()


def test_two_turns_and_what_follows(opened):
    book = opened(more=["print(panel.chat.messages)"])
    widget, page = book.widget(), book.page
    assert button(book, "Stop").is_disabled()
    # nothing is sent where nothing was written
    button(book, "Send").click()
    widget.get_by_text("Write a message first.").first.wait_for()
    say(book, QUESTION)
    answered(book, 1)
    assert message(book).input_value() == ""
    # by mouse, and twice: it is sent once
    say(book, "What is the capital of France?", key=None)
    button(book, "Send").dblclick()
    answered(book, 2, "Paris")
    page.wait_for_timeout(1500)
    assert widget.locator(".gnb-reply").count() == 2
    assert re.search(r"\d+ tokens, [\d.]+ tokens/s, the first after", widget.inner_text())
    assert re.search(r"Context: [\d,]+ of 2,048 tokens left", widget.inner_text())
    widget.locator(".gnb-live").filter(has_text="Paris").wait_for(state="attached")
    # the keyboard is where the next message is written
    assert page.evaluate("document.activeElement.closest('.gnb-say') !== null")
    # Shift+Enter is a new line
    say(book, "two", key="Shift+Enter")
    message(book).press_sequentially("lines")
    assert message(book).input_value() == "two\nlines"
    # an answer anew, and the last message changed
    button(book, "Answer again").click()
    page.wait_for_timeout(300)
    answered(book, 2, "Paris")
    button(book, "Edit this message").last.click()
    widget.get_by_label("Edit your message; everything after it is replaced").wait_for()
    assert message(book).input_value() == "What is the capital of France?"
    say(book, "What is the capital of Italy?")
    answered(book, 2, "Rome")
    assert "Paris" not in widget.locator(".gnb-turns").inner_text()
    # the raw prompt of each turn
    button(book, "What the model was sent").click()
    widget.locator(".gnb-prompt").wait_for()
    assert widget.locator(".gnb-prompt b.gnb-ctl").count() == 7
    widget.get_by_label("Turn", exact=True).select_option(index=0)
    page.wait_for_function("document.querySelectorAll('.gnb-prompt b.gnb-ctl').length === 3")
    button(book, "As JSON").click()
    widget.locator(".gnb-code").filter(has_text='"messages"').wait_for()
    button(book, "Save as a file").click()
    widget.get_by_text("chat.json").first.wait_for()
    kept = json.loads((book.host.files / "chat.json").read_text(encoding="utf-8"))
    button(book, "As code").click()
    widget.locator(".gnb-code").filter(has_text="chat.send(content").wait_for()
    assert book.faults() == []
    book.run_cell(1)
    assert repr(kept["messages"]) in book.printed(1).replace("\n", "")
    (book.host.files / "chat.json").unlink()
    button(book, "New conversation").click()
    widget.get_by_text("Nothing has been said yet.").wait_for()
    # the conversation before is in the list, and goes on
    widget.get_by_label("Conversation", exact=True).select_option(index=0)
    widget.locator(".gnb-reply").filter(has_text="Rome").wait_for()
    # an answer is copied as it was written
    widget.locator(".gnb-copy-button").last.click()
    widget.get_by_text("Copied", exact=True).wait_for()
    assert book.problems == []


def test_text_arrives_in_pieces(opened):
    book = opened(before=f"import time\nPAUSE = 0\n{LONG}")
    book.page.evaluate(WATCH)
    say(book, QUESTION)
    book.widget().locator(".gnb-turn small").filter(has_text="tokens/s").wait_for(timeout=90_000)
    ready(book)
    states = book.page.evaluate("states")
    growing = [b for a, b in itertools.pairwise(states) if len(b) > len(a)]
    print(f"{book.host.name}: seen in {len(states)} states")
    assert len(growing) >= 5, states
    assert all(b.startswith(a) for a, b in itertools.pairwise(states)), states
    # its end stays in sight
    below = """() => {const e = document.querySelector('.gnb-transcript');
        return Math.abs(e.scrollTop)}"""
    assert book.page.evaluate(below) < 2
    assert book.problems == []


def test_stop_by_button_and_by_the_kernels_interrupt(opened, host):
    book = opened(before=f"import time\nPAUSE = 0.08\n{LONG}", more=["print(1 + 1)"])
    widget = book.widget()
    say(book, QUESTION)
    widget.locator(".gnb-reply").filter(has_text="Tokyo").wait_for(timeout=90_000)
    begun = time.monotonic()
    button(book, "Stop").click()
    widget.locator("small").filter(has_text="stopped").wait_for(timeout=30_000)
    took = time.monotonic() - begun
    print(f"{host.name}: stopped {took:.2f} s after the press")
    assert took < 5  # the whole answer would take 20
    ready(book)
    said = widget.locator(".gnb-reply").inner_text()
    say(book, QUESTION)
    widget.locator(".gnb-reply").nth(1).filter(has_text="Tokyo").wait_for(timeout=90_000)
    assert widget.locator(".gnb-reply").first.inner_text() == said
    host.interrupt()
    widget.locator("small").filter(has_text="stopped").nth(1).wait_for(timeout=30_000)
    ready(book)
    # and by keyboard alone: Send can not be pressed while text is made, so the next stop is Stop
    say(book, QUESTION)
    widget.locator(".gnb-reply").nth(2).filter(has_text="Tokyo").wait_for(timeout=90_000)
    for _ in range(4):
        book.page.keyboard.press("Tab")
        if book.page.evaluate("document.activeElement.classList.contains('gnb-stop')"):
            break
    book.page.keyboard.press("Enter")
    widget.locator("small").filter(has_text="stopped").nth(2).wait_for(timeout=30_000)
    ready(book)
    # the kernel lives on
    book.run_cell(1)
    assert book.printed(1) == "2"
    assert book.problems == []


def test_a_message_is_said_to_wait_for_the_kernel_only_while_it_does(opened):
    short = "model.unload()\nmodel = gnb.load(max_length=64, progress=False)\n"
    book = opened(before=short, more=["import time\ntime.sleep(3)"], alone=True)
    widget, waits = book.widget(), book.widget().locator(".gnb-kernel-busy")
    book.page.locator(book.host.cell).nth(1).locator(book.host.editor).first.click()
    book.page.keyboard.press("Control+Enter")
    say(book, QUESTION)
    # by the page where the kernel hears nothing meanwhile, else by the panel
    waits.or_(widget.get_by_text("is answering")).filter(visible=True).wait_for(timeout=2500)
    answered(book, 1)
    assert not waits.is_visible()
    # a message that is refused at once does not wait
    say(book, "What is 12 + 30? " * 20)
    widget.locator(".gnb-error").filter(has_text="too long").wait_for()
    widget.get_by_text("Or press New conversation").wait_for()
    book.page.wait_for_timeout(800)
    assert not waits.is_visible()
    assert message(book).input_value().startswith("What is 12 + 30?")
    assert book.problems == []


def test_markup_does_nothing(opened):
    says = repr("\n\n".join(ATTACKS) + "\n\n**bold** and [a page](https://ai.google.dev)")
    book = opened(before=f"SAYS = {says}\n{SCRIPTED}")
    widget = book.widget()
    for turn, attack in enumerate(ATTACKS, 1):
        say(book, attack)
        answered(book, turn, "bold")
        assert attack in widget.locator(".gnb-asked").nth(turn - 1).inner_text()
    reply = widget.locator(".gnb-reply").last
    assert ATTACKS[0] in reply.inner_text()
    assert reply.locator("strong").last.inner_text() == "bold"
    assert reply.locator("a").evaluate_all("all => all.map(a => a.href)") == [
        "https://ai.google.dev/"
    ]
    for tab in ("What the model was sent", "As JSON", "As code"):
        button(book, tab).click()
        book.page.wait_for_timeout(600)
    book.page.wait_for_timeout(1000)
    assert book.page.evaluate("window.hacked") is None
    assert widget.locator("img, script, svg, iframe, a[href^=javascript]").count() == 0
    assert book.faults() == []
    assert book.problems == []


def test_settings_and_thinking_aloud_on_the_page(opened):
    """Sliders by keyboard; thoughts folded away."""
    thinks = "SAYS = '<unused94>thought\\nHm, let me see.<unused95>It is four.'\n"
    med = "model.variant = gnb.variant('medgemma_1.5_instruct_4b')\n"
    marks = (
        "from gemma_nb.prompts.formatting import reply_tokens\n"
        "from gemma_nb.prompts.safe_tokenizer import vocabulary\n"
        "control = vocabulary(model.tokenizer).control\n"
        "model._marks = frozenset(control[t] for t in reply_tokens(model.variant) if t in control)\n"
    )
    book = opened(before=f"{thinks}{med}{marks}{SCRIPTED}")
    widget, page = book.widget(), book.page
    button(book, "Settings").click()
    slider = widget.get_by_role("slider", name="Temperature", exact=True)
    slider.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(500)
    readouts = widget.locator(".gnb-slider .widget-readout")
    assert readouts.first.inner_text() == "0.05"
    assert book.faults() == []
    say(book, "2 + 2?")
    answered(book, 1, "It is four.")
    thought = widget.locator("details.gnb-thought")
    assert not thought.get_by_text("Hm, let me see.").is_visible()
    thought.locator("summary").click()
    assert thought.get_by_text("Hm, let me see.").is_visible()
    assert book.faults() == []
    assert book.problems == []


def test_a_picture_goes_in(opened):
    book = opened(before="model.variant = gnb.variant('gemma3_instruct_4b')\nSAYS = 'A cat.'\n")
    widget = book.widget()
    data = io.BytesIO()
    Image.new("RGB", (640, 480), "teal").save(data, "JPEG")

    def attach(name, content):
        with book.page.expect_file_chooser() as chooser:
            widget.get_by_role("button", name=re.compile("Add an image")).click()
        chooser.value.set_files({"name": name, "mimeType": "image/jpeg", "buffer": content})

    attach("notes.jpg", b"<svg onload=alert(1)>")
    widget.get_by_text("cannot be read as an image").wait_for()
    attach("cat.jpg", data.getvalue())
    widget.locator("img.gnb-thumb[alt='cat.jpg']").wait_for()
    assert widget.get_by_text("cannot be read as an image").count() == 0
    assert book.faults() == []
    widget.get_by_role("button", name="✕ Remove cat.jpg").click()
    widget.locator("img.gnb-thumb").wait_for(state="detached")
    assert book.problems == []


def test_it_is_readable_on_every_page(opened):
    book = opened()
    page = book.page
    say(book, QUESTION)
    answered(book, 1)
    say(book, "What is the capital of France?")
    answered(book, 2, "Paris")
    assert not book.copy().is_visible()
    assert book.faults() == []
    assert book.overflow() <= 1
    book.picture("chat_en")
    for width in (600, 360):
        page.set_viewport_size({"width": width, "height": 1200})
        for tab in ("What the model was sent", "As JSON", "As code", "Settings"):
            button(book, tab).click()
            page.wait_for_timeout(300)
            assert book.overflow() <= 1, (width, tab)
            assert book.faults() == []
    page.set_viewport_size({"width": 360, "height": 2600})
    book.picture("chat_narrow_en")
    page.set_viewport_size({"width": 1200, "height": 1500})
    book.dark()
    page.wait_for_timeout(500)
    assert book.faults() == []
    book.picture("chat_dark_en")
    assert book.problems == []


def test_by_keyboard_alone(opened):
    book = opened(more=["print(len(panel.chat.messages))"])
    page, widget = book.page, book.widget()
    message(book).focus()
    page.keyboard.type(QUESTION)
    tab_to(book, "Send")
    page.keyboard.press("Enter")
    answered(book, 1)
    tab_to(book, "Answer again")
    page.keyboard.press("Space")
    page.wait_for_timeout(300)
    answered(book, 1)
    tab_to(book, "As code")
    page.keyboard.press("Space")
    widget.locator(".gnb-code").filter(has_text="chat.send(content").wait_for()
    book.run_cell(1)
    assert book.printed(1) == "2"
    assert book.problems == []


def tab_to(book, name):
    """Goes on with Tab until the keyboard is on a button."""
    for _ in range(30):
        book.page.keyboard.press("Tab")
        if book.page.evaluate("document.activeElement.textContent.trim()") == name:
            return
    raise AssertionError(f"Tab does not reach {name}")


def test_other_widgets_on_the_page_do_not_change_its_look(opened):
    others = ["gnb.PromptInspector('Hi')", "gnb.ComparePanel()", "gnb.Picker('gemma3_instruct_1b')"]
    book = opened(more=others, alone=True)
    say(book, "What is **bold**?")
    answered(book, 1, "")
    look = """root => [...root.querySelectorAll('*')].filter(e => e.offsetWidth).map(e => {
        const s = getComputedStyle(e);
        return [e.className, e.offsetWidth, e.offsetHeight, s.color, s.border, s.padding].join(' ')})"""
    before = book.widget().evaluate(look)
    for cell in (1, 2, 3):
        book.run_cell(cell)
        book.shown("h3", cell)
    book.page.mouse.move(0, 0)
    book.page.wait_for_timeout(500)
    assert book.widget().evaluate(look) == before
    assert book.faults() == []
    assert book.problems == []


def test_in_japanese(opened):
    book = opened(", lang='ja'")
    # Enter that ends a word's conversion does not send
    message(book).fill("にほん")
    message(book).evaluate(
        "e => e.dispatchEvent(new KeyboardEvent('keydown',"
        "{key: 'Enter', isComposing: true, bubbles: true, cancelable: true}))"
    )
    book.page.wait_for_timeout(500)
    assert message(book).input_value() == "にほん"
    say(book, "日本の首都はどこですか？")
    answered(book, 1, "東京")
    text = book.widget().inner_text()
    assert not re.search(r"\b(tokens|Send|Stop|Settings|left)\b", text), text
    assert book.faults() == []
    book.picture("chat_ja")
    book.page.set_viewport_size({"width": 360, "height": 2600})
    book.page.wait_for_timeout(500)
    assert book.overflow() <= 1
    book.picture("chat_narrow_ja")


def test_reopened_without_its_kernel(opened):
    book = opened()
    say(book, QUESTION)
    answered(book, 1)
    book.reopen(ANSWER)
    assert QUESTION in book.copy().inner_text()
