"""The picker in real notebook programs, used as a person uses it."""

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]

ATTACKS = (
    '<img src=x onerror="window.hacked=1">',
    "</script><script>window.hacked=1</script>",
    "[link](javascript:window.hacked=1)",
    "\\[ \\href{javascript:window.hacked=1}{x} \\] $x$",
    "😀 ' \" {0} %s " + "x" * 300,
)
#: Counts how often a model is loaded.
COUNT = """
import gemma_nb.load_model as loading
calls, real = [], loading.load
loading.load = lambda *a, **k: (calls.append(1), real(*a, **k))[1]
"""


@pytest.fixture
def opened(host, browser):
    """Opens pickers, and closes what was opened."""
    books = []

    def open_(arguments="", before="", more=(), **page):
        code = f"import gemma_nb as gnb\n{before}picker = gnb.Picker({arguments})\npicker"
        book = host.book(browser, f"picker{len(books)}", [code, *more], **page)
        books.append(book)
        book.run()
        book.shown(".gnb-verdict")
        book.host.idle(book)
        return book

    yield open_
    for book in books:
        book.close()


def said(book, text, where=".gnb-verdict"):
    """Waits until a text stands somewhere in the widget."""
    book.widget().locator(where).filter(has_text=text).first.wait_for(
        state="attached" if where == ".gnb-live" else "visible", timeout=60_000
    )


def labels(control):
    """A list's labels; ipywidgets writes their blanks as no-break ones."""
    return [x.replace("\xa0", " ") for x in control.locator("option").all_text_contents()]


def chosen(book, label):
    """What a list shows."""
    control = book.widget().get_by_label(label, exact=True)
    return labels(control)[control.evaluate("e => e.selectedIndex")]


def choose(book, label, beginning):
    """Chooses from a list the first option that begins so, behind its icon."""
    control = book.widget().get_by_label(label, exact=True)
    wanted = re.compile(rf"(\S )?{re.escape(beginning)}(?![\w.])")
    control.select_option(index=[bool(wanted.match(x)) for x in labels(control)].index(True))


def button(book, name):
    return book.widget().get_by_role("button", name=re.compile(name))


def unfold(book):
    """Opens the fold with the rarer settings."""
    fold = book.widget().locator(".gnb-summary")
    fold.click()
    book.page.wait_for_function(
        "e => e.getAttribute('aria-expanded') === 'true'", arg=fold.element_handle()
    )


def primary_buttons(book):
    return book.widget().locator("button.gnb-primary:enabled:visible").all_inner_texts()


@pytest.mark.parametrize(("lang", "fold"), [("en", "More settings"), ("ja", "その他の設定")])
def test_its_first_state_is_seen_at_once(opened, lang, fold):
    book = opened(f"lang='{lang}'", viewport={"width": 1280, "height": 900})
    widget = book.widget()
    height = widget.evaluate("e => e.offsetHeight")
    assert height <= 800, height
    assert len(primary_buttons(book)) <= 1
    assert book.empty_rows() == []
    assert widget.get_by_role("button", name=fold).get_attribute("aria-expanded") == "false"
    assert book.faults() == []
    book.picture(f"picker_first_{lang}")
    unfold(book)
    assert book.empty_rows() == []
    assert book.faults() == []
    for name in ("Facts", "Code", "Elsewhere", "All variants") if lang == "en" else ():
        button(book, f"^{name}$").click()
        widget.locator(".gnb-choices .mod-active").filter(has_text=name).wait_for()
        assert book.empty_rows() == []
        assert len(primary_buttons(book)) <= 1
    assert book.problems == []


def test_after_a_restart_it_says_to_run_the_cell_again(opened):
    book = opened("'gemma3_instruct_12b', 'L4', lang='ja'")
    book.restart()
    # the last state, as a table, below the one line
    book.copy().get_by_text("gemma3_instruct_12b").first.wait_for(timeout=30_000)
    assert "このセルを(もう一度)実行すると操作できます" in book.copy().inner_text()
    assert not book.widget().is_visible()  # no dead controls
    icons = """() => [...document.querySelectorAll('.jupyter-widgets-disconnected')]
        .filter(e => e.offsetHeight && getComputedStyle(e, '::before').content !== 'none').length"""
    assert book.page.evaluate(icons) == 0
    shown = book.copy().evaluate("e => getComputedStyle(e).borderRadius")
    assert shown == "12px"  # it is styled as the panel is
    book.picture_of_outputs("picker_restarted_ja")
    book.run_cell(0)
    book.shown(".gnb-verdict")
    assert not book.copy().is_visible()
    assert book.problems == []


def test_it_is_readable_on_every_page(opened):
    book = opened("'gemma3_instruct_27b', 'L4'", viewport={"width": 1200, "height": 2200})
    page, widget = book.page, book.widget()
    said(book, "Does not fit")
    assert not book.copy().is_visible()
    page.locator(".gnb-live[aria-live=polite][role=status]").wait_for(state="attached")
    assert book.faults() == []
    assert book.overflow() <= 1
    # 200 % zoom is half as many CSS pixels
    for width in (600, 360):
        page.set_viewport_size({"width": width, "height": 1200})
        for tab in ("Elsewhere", "All variants", "Code"):
            button(book, f"^{tab}$").click()
            widget.locator(".gnb-choices .mod-active").filter(has_text=tab).wait_for()
            page.wait_for_timeout(300)
            assert book.overflow() <= 1, (width, tab)
            assert book.faults() == []
    page.set_viewport_size({"width": 360, "height": 3600})
    book.picture("picker_narrow_en")
    page.set_viewport_size({"width": 1200, "height": 2200})
    book.dark()
    page.wait_for_timeout(500)
    assert book.faults() == []
    book.picture("picker_dark_en")
    assert book.problems == []


def test_choosing_by_mouse(opened):
    book = opened("runtime='L4'", viewport={"width": 1200, "height": 2200})
    widget = book.widget()
    button(book, "^Code$").click()
    said(book, "gnb.load", "[aria-label='With gemma_nb']")
    book.picture("picker_en")  # as the README describes it
    unfold(book)
    choose(book, "Family", "Gemma 3")
    said(book, "gemma3_instruct")
    choose(book, "Size", "27B")
    said(book, "gemma3_instruct_27b")
    said(book, "Does not fit")
    said(book, "does not fit on L4", ".gnb-live")
    # a change that would help is a button that makes it
    button(book, "^Take the smaller").click()
    said(book, "Fits")
    assert "27B" not in chosen(book, "Size")
    # what does not exist together says so and why, and what it became
    choose(book, "Family", "CodeGemma 1")
    said(book, "code_gemma_instruct_7b_en")
    choose(book, "Size", "2B")
    said(book, "CodeGemma 1 2B does not exist as IT", ".gnb-note")
    assert "PT" in chosen(book, "Tuning")
    choose(book, "Context length (tokens)", "16,384")
    said(book, "was trained for 8192 tokens", ".gnb-note")
    assert "8,192" not in chosen(book, "Context length (tokens)")
    # the tabs
    said(book, "code_gemma_2b_en", "[aria-label='With gemma_nb']")
    assert 'gnb.load("code_gemma_2b_en"' in widget.get_by_label("With gemma_nb").inner_text()
    button(book, "^Elsewhere$").click()
    said(book, "llama.cpp", "[aria-label=Elsewhere]")
    button(book, "^All variants$").click()
    said(book, "gemma4_instruct_31b", "[role=region]")
    assert book.faults() == []
    # only what fits
    widget.get_by_label("Only what fits").check()
    rows = widget.locator("[aria-label='All variants'] tbody")
    rows.filter(has_not_text="✗").wait_for()
    assert not [x for x in labels(widget.get_by_label("Family", exact=True)) if x.startswith("✗")]
    widget.get_by_label("Only what fits").uncheck()
    rows.filter(has_text="✗").wait_for()
    widget.get_by_label("Sort by", exact=True).select_option(label="Name")
    widget.get_by_label("Order", exact=True).select_option(label="Ascending")
    said(book, "c2s_scale_gemma_2_27b_en", "[role=region] tbody tr:first-child")
    book.picture("picker_all_en")
    choose(book, "Take one of them", "vault_gemma_1b_en")
    said(book, "vault_gemma_1b_en")
    assert book.problems == []


def test_choosing_by_keyboard_alone(opened):
    book = opened("'gemma3_instruct_27b', 'L4'")
    page, widget = book.page, book.widget()
    widget.get_by_label("Precision", exact=True).focus()
    page.keyboard.press("End")
    said(book, "gemma3_instruct_27b in int4")
    page.keyboard.press("Home")
    said(book, "gemma3_instruct_27b in float32")
    widget.locator(".gnb-fix:visible").first.wait_for()
    # on through the page with Tab, to the changes that would help
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('gnb-fix')"):
            break
    assert "int" in page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    said(book, "Fits")
    # the button is gone; the keyboard goes on from the verdict
    page.wait_for_function("document.activeElement.classList.contains('gnb-verdict')")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.gnb') !== null")


def test_load_cannot_be_started_twice(opened):
    told = "print(len(calls), picker.model.generate('What is the capital of Japan?'))"
    book = opened(before=COUNT, more=["2 + 2", told])
    button(book, "^Load the demo model").dblclick()
    said(book, "demo_gemma3_instruct_4m is ready", ".gnb-note")
    button(book, "^Load demo_gemma3_instruct_4m").dblclick()
    button(book, "^Load the demo model").click()
    book.page.wait_for_timeout(1000)
    book.run_cell(2)
    assert book.printed(2).splitlines()[-1] == "1 The capital of Japan is Tokyo."
    assert book.problems == []


def test_a_stranger_reaches_a_model_that_answers(opened):
    book = opened()
    button(book, "^Load the demo model").click()
    said(book, "demo_gemma3_instruct_4m is ready", ".gnb-note")
    # two clicks open it as one does, and do not close it again; nor do they fold what they unfold
    button(book, "^Talk to it here$").dblclick()
    book.widget().locator(".gnb .gnb-keys-hint").wait_for()  # so Enter sends here too
    field = book.widget().locator(".gnb textarea").first
    field.fill("What is the capital of Japan?")
    field.press("Enter")
    said(book, "The capital of Japan is Tokyo", ".gnb .gnb-reply")
    book.widget().locator(".gnb .gnb-fold").dblclick()
    book.widget().get_by_label("Longest answer (tokens)").first.wait_for()
    button(book, "^More settings").dblclick()
    book.widget().get_by_label("Or by name, handle or directory", exact=True).wait_for()
    assert book.faults() == []
    assert book.problems == []


def test_nonsense_and_markup_do_nothing(opened):
    book = opened("'demo_gemma3_instruct_4m'")
    unfold(book)
    field = book.widget().get_by_label("Or by name, handle or directory", exact=True)
    for attack in ATTACKS:
        field.fill(attack)
        field.press("Enter")
        book.page.wait_for_timeout(700)
        told = book.widget().locator(".gnb-error[role=alert]").inner_text()
        assert repr(attack)[1:4] in told, told
        said(book, "demo_gemma3_instruct_4m")
    assert book.page.evaluate("window.hacked") is None
    assert book.widget().locator("img, script, a[href^=javascript]").count() == 0
    # an empty field has no error
    field.fill("")
    field.press("Enter")
    book.widget().locator(".gnb-error").wait_for(state="detached")
    field.fill("gemma3_instruct_1b")
    field.press("Enter")
    said(book, "gemma3_instruct_1b")
    book.page.wait_for_function("e => e.value === ''", arg=field.element_handle())
    assert book.widget().locator(".gnb-error").count() == 0
    assert book.problems == []


def test_in_japanese(opened):
    book = opened(
        "'gemma3_instruct_27b', 'L4', lang='ja'", viewport={"width": 1200, "height": 2200}
    )
    said(book, "収まりません")
    choose(book, "サイズ", "1B")
    said(book, "収まります")
    shown = book.widget().inner_text()
    assert "おすすめ" in shown
    assert not re.search(r"\b(fits|Load|tokens|Licence|Download)\b", shown), shown
    assert book.widget().locator("[lang=ja]").count() > 3
    assert book.faults() == []
    button(book, "^コード$").click()
    said(book, "gnb.load", "[aria-label='gemma_nb の場合']")
    book.picture("picker_ja")
    book.page.set_viewport_size({"width": 360, "height": 1200})
    book.page.wait_for_timeout(500)
    assert book.overflow() <= 1
    book.page.set_viewport_size({"width": 360, "height": 3600})
    book.picture("picker_narrow_ja")


def test_reopened_without_its_kernel(opened):
    book = opened("runtime='L4'")
    choose(book, "Family", "Gemma 3")
    said(book, "gemma3_instruct")
    choose(book, "Size", "12B")
    said(book, "gemma3_instruct_12b")
    # what was chosen last stands there as a table
    book.reopen("gemma3_instruct_12b")
    assert book.copy().locator("table").count() == 1
    assert "Loading widget" not in book.out().inner_text()
    assert book.copy().get_by_text("run this cell (again)").count() == 1
    book.picture_of_outputs("picker_reopened_en")
