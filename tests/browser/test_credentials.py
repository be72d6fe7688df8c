"""The panel of logins in real notebook programs: what is typed is nowhere afterwards."""

import json

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]

SECRET = "hf_ThisIsNobodysToken0123456789"
CODE = "import gemma_nb as gnb\npanel = gnb.CredentialsPanel({})\npanel"


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_a_secret_is_kept_by_the_process_alone(host, browser, lang):
    found = (
        "from gemma_nb import credentials\n"
        "login = credentials.find('huggingface')\n"
        "print(login.place, len(login.token.reveal()))\n"
        "credentials.forget('huggingface')"
    )
    arguments = f"'gemma3_instruct_1b', lang='{lang}'"
    book = host.book(browser, f"logins_{lang}", [CODE.format(arguments), "1 + 1", found])
    try:
        book.run()
        widget = book.widget()
        widget.wait_for(timeout=90_000)
        label = {"en": "Hugging Face token", "ja": "Hugging Face のトークン"}[lang]
        kept = {"en": "Kept for this session", "ja": "このセッションの間保持します"}[lang]
        field = widget.get_by_label(label, exact=True)
        assert field.get_attribute("type") == "password"
        assert book.faults() == []
        book.picture(f"credentials_{lang}")
        field.fill(SECRET)
        field.press("Enter")
        widget.locator(".gnb-note").filter(has_text=kept).wait_for(timeout=30_000)
        assert field.input_value() == ""
        assert SECRET not in book.page.content()
        book.save_with_state()
        saved = host.saved(book.name)
        assert saved["metadata"]["widgets"], "the state of the widgets was not saved"
        assert SECRET not in json.dumps(saved)
        book.run_cell(2)
        assert f"CredentialsPanel {len(SECRET)}" in book.out(2).inner_text()
        # a wrong one is told and is gone too
        field.fill("sk-nobody")
        field.press("Enter")
        widget.locator(".gnb-error[role=alert]").wait_for(timeout=30_000)
        assert "sk-nobody" not in book.page.content()
        book.page.set_viewport_size({"width": 360, "height": 2400})
        book.page.wait_for_timeout(500)
        assert book.overflow() <= 1
        assert book.problems == []
    finally:
        book.close()
