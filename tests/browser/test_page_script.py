"""The scripts of the panels on a page without a notebook program."""

import pytest

from gemma_nb.widgets.base.style import script_html

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

#: Counts timers and observers, which the scripts make.
COUNT = """() => {
window.counts = {setInterval: 0, observers: 0};
const interval = window.setInterval;
window.setInterval = (...args) => {counts.setInterval += 1; return interval(...args)};
const Observer = window.MutationObserver;
window.MutationObserver = class extends Observer {
  constructor(...args) {super(...args); counts.observers += 1}
};
}"""
PANEL = """() => {
const panel = document.createElement('div');
panel.innerHTML = '<h3>Title</h3><button>Press</button><div class="late"></div><textarea></textarea>';
document.body.append(panel);
// ipywidgets sets classes after it has put the elements on the page
setTimeout(() => {
  panel.querySelector('textarea').classList.add('gnb-say');
  panel.querySelector('.late').className = 'gnb-live';
  panel.className = 'gnb';
}, 50);
}"""


@pytest.fixture
def page(browser):
    opened = browser.new_page()
    opened.set_content("<!doctype html><body></body>")
    opened.evaluate(COUNT)
    yield opened
    opened.close()


def run_scripts(page):
    for path in ("base/page.js", "chat/chat.js"):
        page.evaluate(script_html(path).removeprefix("<script>").removesuffix("</script>"))


def test_scripts_of_many_panels_run_once_and_do_not_poll(page):
    run_scripts(page)
    first = page.evaluate("counts")
    run_scripts(page)
    run_scripts(page)
    assert page.evaluate("counts") == first
    assert first["setInterval"] == 0


def test_panels_are_found_whenever_they_appear(page):
    page.evaluate(PANEL)
    page.wait_for_selector(".gnb", state="attached")
    run_scripts(page)
    page.evaluate(PANEL)
    for number in range(2):
        panel = page.locator("body > div").nth(number)
        panel.and_(page.locator(".gnb.gnb-keyed")).wait_for(state="attached")
        panel.locator(".gnb-live[aria-live=polite][role=status]").wait_for(state="attached")


def test_the_focus_stays_in_the_panel_when_its_button_is_hidden(page):
    run_scripts(page)
    page.evaluate(PANEL)
    page.wait_for_selector(".gnb", state="attached")
    page.locator("button").focus()
    page.evaluate("document.querySelector('button').style.display = 'none'")
    page.wait_for_function("document.activeElement.tagName === 'H3'")


def test_the_focus_stays_on_a_button_that_is_shown_again_at_once(page):
    run_scripts(page)
    page.evaluate(PANEL)
    page.wait_for_selector(".gnb", state="attached")
    page.locator("button").focus()
    page.evaluate("document.querySelector('button').style.display = 'none'")
    page.evaluate("document.querySelector('button').style.display = ''")
    page.wait_for_timeout(400)
    assert page.evaluate("document.activeElement.tagName") != "H3"


def test_sliders_have_names_that_follow_their_labels(page):
    run_scripts(page)
    page.evaluate(
        "document.body.innerHTML = `<div class='gnb'><div class='gnb-slider'><label>Top k</label>"
        "<div class='ui-slider-handle'></div><div class='widget-readout'>7</div></div></div>`"
    )
    page.locator("[role=slider][aria-label='Top k'][aria-valuenow='7']").wait_for(state="attached")
    page.evaluate("document.querySelector('.widget-readout').textContent = '8'")
    page.evaluate("document.querySelector('label').textContent = 'Top-k'")
    page.locator("[role=slider][aria-label='Top-k'][aria-valuenow='8']").wait_for(state="attached")
    assert page.locator(".widget-readout[role=textbox][aria-label='Top-k']").count() == 1
