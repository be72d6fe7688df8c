"""The panel of logins in real notebook programs: what is typed is nowhere afterwards."""

import json

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]

SECRET = "hf_ThisIsNobodysToken0123456789"
CODE = "import gemma_nb as gnb\npanel = gnb.CredentialsPanel({})\npanel"
#: What the hub answers; tests/test_access_check.py asks the real clients.
ANSWER = """
from gemma_nb.i18n import Message
from gemma_nb.widgets import credentials_panel
credentials_panel.check_access = lambda service, variant: Message("access_variant", {
    "service": "Hugging Face", "place": "CredentialsPanel", "variant": variant.name})
"""
ATTACKS = (
    "sk-nobody",
    "hf_CutOff",
    '<img src=x onerror="window.hacked=1">',
    "</script><script>window.hacked=1</script>",
    "\\[ \\href{javascript:window.hacked=1}{x} \\] $x$",
    "x" * 5000,
)
#: Words of the panel in each language: the field, what is said of a login that was kept, its table,
#: the button that asks the hub, and the answer.
WORDS = {
    "en": (
        "Hugging Face token",
        "Kept for this session",
        "Where gemma_nb looks for it, in order of precedence",
        "Test",
        "and lets it download gemma3_instruct_1b",
    ),
    "ja": (
        "Hugging Face のトークン",
        "このセッションの間保持します",
        "探した場所(先にあるものが優先)",
        "確認する",
        "gemma3_instruct_1b をダウンロードできます",
    ),
}


@pytest.mark.parametrize("lang", WORDS)
def test_a_secret_is_kept_by_the_process_alone(host, browser, lang):
    found = (
        "from gemma_nb.hub.credential_sources import find_login\n"
        "login = find_login('huggingface')\n"
        "print(login.place, len(login.token.reveal()))"
    )
    arguments = f"'gemma3_instruct_1b', lang='{lang}'"
    code = ANSWER + CODE.format(arguments)
    book = host.book(browser, f"logins_{lang}", [code, "1 + 1", found])
    page = book.page
    try:
        book.run()
        book.shown("input[type=password]")
        widget = book.widget()
        label, kept, places, test, answer = WORDS[lang]
        field = widget.get_by_label(label, exact=True)
        assert field.get_attribute("type") == "password"
        assert book.faults() == []
        assert book.empty_rows() == []
        book.picture(f"credentials_{lang}")
        field.fill(SECRET)
        field.press("Enter")
        widget.locator(".gnb-note").filter(has_text=kept).wait_for(timeout=30_000)
        assert field.input_value() == ""
        # the hub is asked once, however often the button is pressed
        button = widget.get_by_role("button", name=test, exact=True)
        assert button.count() == 1  # none for the hub without a login
        button.dblclick()
        widget.locator(".gnb-note").filter(has_text=answer).wait_for(timeout=30_000)
        assert book.empty_rows() == []
        assert SECRET not in page.content()
        assert SECRET not in json.dumps(book.save_with_state())
        book.run_cell(2)
        assert f"CredentialsPanel {len(SECRET)}" in book.printed(2)
        # what is no login is told, and is gone too
        told = widget.locator(".gnb-error[role=alert]")
        for attack in ATTACKS if lang == "en" else ATTACKS[:1]:
            field.fill(attack)
            field.press("Enter")
            told.wait_for(timeout=30_000)
            page.wait_for_function("e => e.value === ''", arg=field.element_handle())
            assert attack not in page.content()
        assert page.evaluate("window.hacked") is None
        assert widget.locator("img, script, svg, a[href^=javascript]").count() == 0
        # by keyboard: the table of places folds out
        widget.locator("summary").focus()
        page.keyboard.press("Enter")
        widget.get_by_role("table", name=places).wait_for()
        for width in (600, 360):
            page.set_viewport_size({"width": width, "height": 2400})
            page.wait_for_timeout(300)
            assert book.overflow() <= 1, width
            assert book.faults() == []
        book.picture(f"credentials_narrow_{lang}")
        page.set_viewport_size({"width": 1200, "height": 1400})
        book.dark()
        assert book.faults() == []
        assert book.problems == []
    finally:
        book.close()


def test_reopened_without_its_kernel(host, browser):
    """It says where the login was, and holds nothing of it."""
    book = host.book(browser, "logins", [CODE.format("")])
    try:
        book.run()
        book.shown("input[type=password]")
        field = book.widget().get_by_label(WORDS["en"][0], exact=True)
        field.fill(SECRET)
        field.press("Enter")
        saved = book.reopen("Hugging Face: found in CredentialsPanel")
        assert SECRET not in json.dumps(saved)
        assert SECRET not in book.page.content()
        assert book.copy().locator("table").count() == 1
    finally:
        book.close()


def test_terms_of_the_model_that_is_chosen(host, browser):
    book = host.book(browser, "terms", [CODE.format("")])
    try:
        book.run()
        book.shown("input[type=password]")
        widget = book.widget()
        assert widget.locator("a[href*='huggingface.co/google']").count() == 0
        chosen = widget.get_by_label("Model that you want", exact=True)
        chosen.select_option(label="gemma3_instruct_1b")
        widget.locator("a[href='https://huggingface.co/google/gemma-3-1b-it']").wait_for()
        widget.locator("a[href='https://www.kaggle.com/models/keras/gemma3']").wait_for()
        assert book.faults() == []
        assert book.empty_rows() == []
        assert book.overflow() <= 1
        book.picture("credentials_terms_en")
        assert book.problems == []
    finally:
        book.close()
