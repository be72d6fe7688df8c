"""The first notebook, as a student sees it: opened from a link, run from the menu."""

import pytest

pytestmark = pytest.mark.browser

ANSWERS = {"en": ("Tokyo", "Aiko"), "ja": ("東京", "アイコ")}


@pytest.mark.parametrize("lang", ANSWERS)
def test_runs_from_the_menu(browser, lab, lang):
    page = browser.new_page(viewport={"width": 1280, "height": 1800})
    try:
        page.goto(f"{lab}/lab/tree/notebooks/{lang}/00_start_here.ipynb")
        page.locator(".jp-NotebookPanel").wait_for(timeout=60_000)
        page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").wait_for(timeout=60_000)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        said = page.locator(".jp-OutputArea-output").last
        for answer in ANSWERS[lang]:
            said.get_by_text(answer).first.wait_for(timeout=120_000)
        shown = "\n".join(page.locator(".jp-OutputArea-output").all_inner_texts())
        assert page.locator("[data-mime-type='application/vnd.jupyter.stderr']").count() == 0, shown
        assert "<start_of_turn>user" in shown
        assert "gemma4_instruct_2b" in shown or "demo_gemma3" in shown
        page.screenshot(path=f"/tmp/start_{lang}.png")
    finally:
        page.close()
