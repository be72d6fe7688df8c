"""The comparing panel in real notebook programs, with the demo models behind it."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]

ATTACKS = (
    '<img src=x onerror="window.hacked=1">',
    "</script><script>window.hacked=1</script>",
    "[link](javascript:window.hacked=1)",
    "</textarea><svg onload=window.hacked=1>",
    "\\[ \\href{javascript:window.hacked=1}{x} \\] $x$",
)
#: A comparison whose rows come at a pace that a page can be watched at; the measuring is elsewhere.
SLOW = """
import os, time
os.environ["XDG_CACHE_HOME"] = os.path.abspath("cache")
from gemma_nb.comparison import measure, run
from gemma_nb.comparison.rows import ComparisonRow, ScoredReply
calls = []
def measured(self, others):
    calls.append(self._choice.label)
    for step in ("load", "first", "speed", "answer"):
        self._begin(step)
        time.sleep(PAUSE)
    said = tuple(ScoredReply(SAYS, 3, False, False) for _ in self._task.prompts)
    found = {"status": "done", "tokens_per_second": 100.0, "outputs": said}
    return ComparisonRow(**{**self._values, **found})
measure.Measurement.run = measured
run.prepare_backend = lambda: None
"""
TWO = "['demo_gemma3_1m:float32', 'demo_gemma3_instruct_1m:float32']"


@pytest.fixture
def opened(host, browser):
    """Opens panels, and closes what was opened."""
    books = []

    def open_(arguments="", before="", more=(), **page):
        code = f"import gemma_nb as gnb\n{before}panel = gnb.ComparePanel({arguments})\npanel"
        page = {"viewport": {"width": 1200, "height": 1900}, **page}
        book = host.book(browser, f"compare{len(books)}", [code, *more], **page)
        books.append(book)
        book.run()
        book.shown(".gnb-chosen .gnb-item")
        book.host.idle(book)
        return book

    yield open_
    for book in books:
        book.close()


def slow(pause, says="Tokyo"):
    return f"PAUSE, SAYS = {pause}, {says!r}\n{SLOW}"


def button(book, name, number=0):
    return book.widget().get_by_role("button", name=name, exact=True).nth(number)


def said(book, words, where=".gnb-note"):
    book.widget().locator(where).filter(has_text=words).first.wait_for(
        state="attached" if where == ".gnb-live" else "visible", timeout=180_000
    )


def ready(book):
    """Waits until the run has ended, plots and all."""
    book.widget().locator("button.gnb-primary:enabled").wait_for(timeout=60_000)


def lines(book):
    """What was chosen, line by line, as a person sees it."""
    return book.widget().locator(".gnb-chosen .gnb-item:visible").all_inner_texts()


def chosen(book, count):
    """Waits until so many things are chosen."""
    book.page.wait_for_function(
        "n => [...document.querySelectorAll('.gnb-chosen .gnb-item')]"
        ".filter(e => e.offsetParent).length === n",
        arg=count,
    )


def fill(book, label, words):
    field = book.widget().get_by_label(re.compile(label))
    field.fill(words)
    field.blur()


def test_a_stranger_presses_compare(opened):
    book = opened(more=["print(len(panel.comparison.measured))"])
    page = book.page
    assert len(lines(book)) == 3
    assert all("Fits" in line for line in lines(book))
    assert button(book, "Stop after this row").is_disabled()
    assert book.faults() == []
    button(book, "Compare").click()
    # rows as they finish
    book.widget().locator(".gnb-compared tbody tr").first.wait_for()
    said(book, "Done: 3 of 3 measured. In code: panel.comparison")
    ready(book)
    assert "Tokyo" in book.widget().locator(".gnb-said").first.inner_text()
    assert book.widget().locator(".gnb-reply.gnb-wrong").count()
    assert book.faults() == []
    book.picture("compare_en")
    button(book, "Plots").click()
    pictures = book.widget().locator(".gnb-plots img")
    pictures.first.wait_for()
    assert pictures.count() == 4
    for i in range(4):
        assert pictures.nth(i).evaluate("e => e.complete && e.naturalWidth > 300")
        assert "demo_gemma3_1m" in pictures.nth(i).get_attribute("alt")
    assert book.faults() == []
    for width in (600, 360):
        page.set_viewport_size({"width": width, "height": 1200})
        for tab in ("Replies", "Plots", "How it was measured", "Save, code"):
            button(book, tab).click()
            page.wait_for_timeout(500)
            assert book.overflow() <= 1, (width, tab)
            assert book.faults() == []
    button(book, "Replies").click()
    page.set_viewport_size({"width": 360, "height": 4200})
    book.picture("compare_narrow_en")
    page.set_viewport_size({"width": 1200, "height": 1900})
    book.dark()
    page.wait_for_timeout(500)
    assert book.faults() == []
    book.picture("compare_dark_en")
    book.run_cell(1)
    assert book.printed(1).splitlines()[-1] == "3"
    assert book.problems == []


def test_choosing_by_mouse_and_by_keyboard(opened):
    book = opened()
    page, widget = book.page, book.widget()
    # what fits is marked in words
    variants = widget.get_by_label("Variant", exact=True)
    listed = [label.replace("\xa0", " ") for label in variants.locator("option").all_inner_texts()]
    assert [label.split()[1] for label in listed[:2]] == [
        "demo_gemma3_1m:",
        "demo_gemma3_instruct_1m:",
    ]
    assert re.fullmatch(r"✓ demo_gemma3_1m: fits", listed[0])
    assert listed[-1].endswith(": no")
    # by mouse
    variants.select_option(index=len(listed) - 1)
    button(book, "Add").click()
    chosen(book, 4)
    assert "✗ Does not fit" in lines(book)[3]
    assert "GiB" in lines(book)[3]
    said(book, "was added", ".gnb-live")
    button(book, "Remove", 1).click()
    chosen(book, 3)
    assert "demo_gemma3_instruct_1m" not in " ".join(lines(book))
    # by keyboard alone
    variants.focus()
    page.keyboard.press("Home")
    # the kernel lists the precisions of this variant before one of them is chosen
    precisions = widget.get_by_label("Precision", exact=True).locator("option")
    expect(precisions.last).to_contain_text("fits", timeout=30_000)
    page.keyboard.press("Tab")
    page.keyboard.press("End")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Add"
    page.keyboard.press("Enter")
    chosen(book, 4)
    assert lines(book)[3].startswith("demo_gemma3_1m int4")
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.title") == "Remove demo_gemma3_1m int4":
            break
    page.keyboard.press("Enter")
    chosen(book, 3)
    # the button is gone; the keyboard stays in the panel
    page.wait_for_function("document.activeElement.closest('.gnb') !== null")
    # by name
    name = widget.get_by_label(re.compile("^Or by name"))
    name.fill("gemma3_instruct_1b:int8")
    name.press("Enter")
    chosen(book, 4)
    assert lines(book)[3].startswith("gemma3_instruct_1b int8")
    expect(name).to_have_value("")  # emptied behind the rows
    assert book.problems == []


def test_it_cannot_be_started_twice_and_rows_appear_as_they_finish(opened):
    book = opened(f"{TWO}, 'Capital?'", slow(0.5), ["print(calls)"])
    button(book, "Compare").dblclick()
    rows = book.widget().locator(".gnb-compared tbody tr")
    # one row has its figures while the other waits for its own
    said(book, "Row 2 of 2")
    told = sorted(rows.all_inner_texts(), key=lambda row: "measured" not in row)
    assert "100.0" in told[0]
    assert "100.0" not in told[1]
    assert button(book, "Compare").is_disabled()
    said(book, "measured, 1 of 2", ".gnb-live")
    assert book.faults() == []
    said(book, "Done: 2 of 2")
    book.page.wait_for_timeout(1500)
    book.run_cell(1)
    assert len(eval(book.printed(1).splitlines()[-1])) == 2
    assert book.problems == []


def test_stop_keeps_what_is_finished_and_the_run_goes_on(opened, host):
    book = opened(f"{TWO}, 'Capital?'", slow(0.6), ["print(calls)"])
    button(book, "Compare").click()
    said(book, "Row 1 of 2")
    button(book, "Stop after this row").click()
    said(book, "Stopped: 1 of 2 are measured and kept")
    assert book.widget().locator(".gnb-compared").get_by_text("100.0", exact=True).count() == 1
    ready(book)
    button(book, "Compare").click()
    said(book, "Done: 2 of 2")
    ready(book)
    # the finished row was kept: each was measured once
    book.run_cell(1)
    assert len(eval(book.printed(1).splitlines()[-1])) == 2
    # the kernel's own stop, in the first row of another comparison
    fill(book, "^Prompts, one per line", "Another?")
    button(book, "Compare").click()
    said(book, "Row 1 of 2")
    host.interrupt()
    said(book, "Stopped before the first row")
    ready(book)
    # and in the second one
    button(book, "Compare").click()
    said(book, "Row 2 of 2")
    host.interrupt()
    said(book, "Stopped: 1 of 2")
    ready(book)
    assert book.problems == []


def test_markup_does_nothing(opened):
    book = opened(f"{TWO}, 'Capital?'", slow(0, "\n".join(ATTACKS)), ["2 + 2"])
    name = book.widget().get_by_label(re.compile("^Or by name"))
    for attack in ATTACKS:
        name.fill(attack)
        name.press("Enter")
        book.page.wait_for_timeout(700)
        told = book.widget().locator(".gnb-error[role=alert]").inner_text()
        assert repr(attack)[2:12] in told, told
    fill(book, "^Prompts, one per line", "\n".join(ATTACKS))
    fill(book, "^Right answers", "\n".join(ATTACKS))
    button(book, "Compare").click()
    said(book, "Done: 2 of 2")
    replies = book.widget().locator(".gnb-reply")
    assert replies.count() == 2 * len(ATTACKS)
    for tab in ("Plots", "Save, code", "Replies"):
        button(book, tab).click()
        book.page.wait_for_timeout(700)
        assert book.page.evaluate("window.hacked") is None
        assert book.widget().locator("img:not([src^=data]), svg, script").count() == 0
        assert book.widget().locator("a[href^=javascript], .MathJax").count() == 0
    assert ATTACKS[0] in replies.first.inner_text()
    # an answer without its prompt
    fill(book, "^Prompts, one per line", "One?")
    button(book, "Compare").click()
    said(book, "Line 2 has a right answer but no prompt", ".gnb-error[role=alert]")
    assert book.problems == []


def test_files_are_saved(opened, host):
    book = opened(f"{TWO}, 'Capital?'", slow(0))
    button(book, "Compare").click()
    said(book, "Done: 2 of 2")
    button(book, "Save, code").click()
    assert "gnb.compare(" in book.widget().get_by_label("The same in code").inner_text()
    for name, kind in (
        ("a web page", "html"),
        ("CSV", "csv"),
        ("JSON", "json"),
        ("Markdown", "md"),
    ):
        button(book, f"Save {name}").click()
        said(book, f"comparison.{kind}")
        assert "float32" in (host.files / f"comparison.{kind}").read_text()
        (host.files / f"comparison.{kind}").unlink()
    assert book.problems == []


def test_in_japanese(opened):
    book = opened("lang='ja'")
    assert all("収まります" in line for line in lines(book))
    button(book, "比べる").click()
    said(book, "終わりました。3 件中 3 件を測定しました")
    ready(book)
    shown = re.sub(r"demo_gemma3_\w+|panel\.comparison", "", book.widget().inner_text())
    assert not re.search(r"\b(Compare|fits|tokens|variant|Remove|measured|Prompt)\b", shown), shown
    assert "東京" in book.widget().locator(".gnb-reply.gnb-right").first.inner_text()
    assert book.faults() == []
    book.picture("compare_ja")
    book.page.set_viewport_size({"width": 360, "height": 4200})
    book.page.wait_for_timeout(500)
    assert book.overflow() <= 1
    assert book.faults() == []
    book.picture("compare_narrow_ja")
    assert book.problems == []


def test_reopened_without_its_kernel(opened):
    book = opened(f"{TWO}, 'Capital?'", slow(0))
    button(book, "Compare").click()
    said(book, "Done: 2 of 2")
    book.reopen("100.0")
    assert "100.0" in book.copy().locator("table").first.inner_text()
    assert "Tokyo" in book.copy().inner_text()
    assert book.copy().locator("img[src^=data]").count() >= 2
