"""The first notebook, as a student sees it: opened from a link, run from the menu."""

import os
import re
import time

import pytest

pytestmark = pytest.mark.browser

ANSWERS = {"en": ("Tokyo", "42"), "ja": ("東京", "42")}
#: language -> (the label of the message field, of Send, an example question, what is typed, a word of the answer)
PANEL = {
    "en": ("Your message", "Send", "What is 12 + 30?", "What is the opposite of hot?", "cold"),
    "ja": ("メッセージ", "送信", "12たす30は？", "「暑い」の反対は何ですか？", "寒い"),
}


@pytest.mark.parametrize("lang", ANSWERS)
def test_runs_from_the_menu(browser, run_all, lang):
    page = browser.new_page(viewport={"width": 1280, "height": 1800})
    try:
        run_all(page, lang, "00_start_here")
        begun = time.monotonic()
        capital, total = ANSWERS[lang]
        page.locator(".jp-OutputArea-output").get_by_text(capital).first.wait_for(timeout=120_000)
        print(f"{lang}: the first answer {time.monotonic() - begun:.1f} s after Run All")
        # the panel below: an example question, then one of the student's own
        field, send, example, own, word = PANEL[lang]
        panel = page.locator(".gnb-chat")
        panel.get_by_role("button", name=example).click()
        panel.locator(".gnb-reply").get_by_text(total).first.wait_for(timeout=60_000)
        panel.locator(".gnb-turn small").filter(has_text=re.compile("tokens|トークン")).wait_for()
        panel.locator("button.gnb-send:enabled").wait_for()
        panel.get_by_label(field, exact=True).fill(own)
        panel.get_by_role("button", name=send, exact=True).click()
        panel.locator(".gnb-reply").get_by_text(word).first.wait_for(timeout=60_000)
        panel.locator("button.gnb-send:enabled").wait_for()
        assert panel.locator(".gnb-turn").count() == 2
        shown = "\n".join(page.locator(".jp-OutputArea-output").all_inner_texts())
        assert page.locator("[data-mime-type='application/vnd.jupyter.stderr']").count() == 0, shown
        assert "<start_of_turn>user" in shown
        assert "KerasHub" in shown
        assert "gemma4_instruct_2b" in shown or "demo_gemma3" in shown
    finally:
        if folder := os.environ.get("GEMMA_NB_PICTURES"):
            page.screenshot(path=f"{folder}/start_here_{lang}.png")
        page.close()
