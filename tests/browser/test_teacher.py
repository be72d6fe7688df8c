"""Lessons 03 to 05, as a teacher prepares them: run from the menu, then each panel is used."""

import os
import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]

#: language -> lesson -> words that its outputs show
SHOWN = {
    "en": {
        "03_prompt_formatting": ("turns in gemma_nb:        2", "another family's tags"),
        "04_generate_and_chat": ("temperature 0.5, top-k 0:", "6 messages, "),
        "05_compare_variants": (
            "fastest of them: demo_gemma3_instruct_4m",
            "'The capital of Brazil",
        ),
    },
    "ja": {
        "03_prompt_formatting": ("gemma_nb での発言の数:", "別のタグ"),
        "04_generate_and_chat": ("温度 0.5、top-k 0:", "件の発言"),
        "05_compare_variants": ("そのうち最速: demo_gemma3_instruct_4m", "150"),
    },
}
#: language -> the labels of what the teacher uses
LABELS = {
    "en": {
        "format": "Format of",
        "draw": "Draw the next token",
        "words": "Show how likely each word was",
        "compare": "Compare",
    },
    "ja": {
        "format": "書式",
        "draw": "次のトークンを引く",
        "words": "単語ごとの確率を表示",
        "compare": "比べる",
    },
}


@pytest.fixture
def lesson(browser, lab, run_all):
    """Opens a lesson, runs all of it from the menu, and closes it with its kernel."""
    pages = {}

    def run(lang, name):
        page = browser.new_page(viewport={"width": 1280, "height": 1800})
        pages[f"{name}_{lang}"] = page
        run_all(page, lang, name)
        last = page.locator(".jp-CodeCell").last.locator(".jp-InputPrompt")
        last.filter(has_text=re.compile(r"\[\d+\]")).wait_for(timeout=400_000)
        for kind in ("stderr", "error"):
            mime = f"[data-mime-type='application/vnd.jupyter.{kind}']"
            assert page.locator(mime).all_inner_texts() == []
        # of what is scrolled away, too: it has a text, but no inner text
        shown = "\n".join(page.locator(".jp-OutputArea-output").all_text_contents())
        for words in SHOWN[lang][name]:
            assert words in shown.replace("\xa0", " "), shown
        return page

    yield run
    for name, page in pages.items():
        if folder := os.environ.get("GEMMA_NB_PICTURES"):
            page.screenshot(path=f"{folder}/{name}.png")
        page.evaluate(
            """async address => {
                const sessions = await (await fetch(`${address}/api/sessions`)).json();
                const end = {method: 'DELETE', headers: {'X-XSRFToken':
                    document.cookie.match(/_xsrf=([^;]*)/)?.[1] ?? ''}};
                for (const {id} of sessions) await fetch(`${address}/api/sessions/${id}`, end);
            }""",
            lab,
        )
        page.close()


@pytest.mark.parametrize("lang", SHOWN)
def test_prompt_formatting(lesson, lang):
    page = lesson(lang, "03_prompt_formatting")
    panel = page.locator(".gnb-prompts").first
    panel.get_by_label(LABELS[lang]["format"], exact=True).select_option("gemma4_instruct_31b")
    panel.locator("b.gnb-ctl", has_text="<|turn>").first.wait_for(timeout=30_000)


@pytest.mark.parametrize("lang", SHOWN)
def test_generating_and_chatting(lesson, lang):
    page = lesson(lang, "04_generate_and_chat")
    chart = page.locator(".gnb-next-token")
    before = chart.locator("textarea").input_value()
    chart.get_by_role("slider").first.focus()  # the temperature
    page.keyboard.press("Home")
    chart.locator(".gnb-out").nth(5).wait_for(timeout=30_000)
    chart.get_by_role("button", name=LABELS[lang]["draw"], exact=True).click()
    drawn = "before => document.querySelector('.gnb-next-token textarea').value.length > before"
    page.wait_for_function(drawn, arg=len(before), timeout=30_000)
    chat = page.locator(".gnb-chat")
    chat.get_by_label(LABELS[lang]["words"], exact=True).click()
    chat.locator("ol.gnb-words > li").nth(3).wait_for(timeout=60_000)


@pytest.mark.parametrize("lang", SHOWN)
def test_comparing(lesson, lang):
    page = lesson(lang, "05_compare_variants")
    panel = page.locator(".gnb-compare")
    panel.get_by_role("button", name=LABELS[lang]["compare"], exact=True).click()
    done = panel.get_by_text(re.compile(r"Done: 3 of 3 measured|3 件中 3 件を測定しました"))
    done.first.wait_for(timeout=300_000)
