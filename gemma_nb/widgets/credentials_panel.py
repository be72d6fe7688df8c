"""The credentials panel: which logins were found where, and fields to enter missing ones."""

from __future__ import annotations

from functools import partial
from typing import Any

import ipywidgets
import traitlets

from gemma_nb.catalog.registry import terms_pages, variants
from gemma_nb.catalog.registry import variant as find_variant
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import GemmaError, InvalidInput
from gemma_nb.html_markup import Html, join, tag
from gemma_nb.hub import credential_sources, credentials
from gemma_nb.hub.access_check import check_access
from gemma_nb.hub.credential_sources import SESSION_SOURCE, CredentialSource
from gemma_nb.hub.credentials import LOGIN_PAGES, SERVICE_NAMES, SERVICES, Secret
from gemma_nb.widgets.base import controls
from gemma_nb.widgets.base.html import link, table
from gemma_nb.widgets.base.main_thread import on_main_thread, run_later
from gemma_nb.widgets.base.panel import Panel


class _SecretField(ipywidgets.Password):  # type: ignore[misc]
    """A password field whose value is not sent back to the front ends.

    ipywidgets 8 sends every value that one front end has set to all of them, unless the trait is
    marked otherwise.
    """

    value = traitlets.Unicode("").tag(sync=True, echo_update=False)


class CredentialsPanel(Panel):
    """Logins for Kaggle and Hugging Face: which ones exist, and how to get those that are missing.

    A login that is typed in goes to ``gemma_nb.hub.credentials.set_session``, which keeps it in this process
    until the kernel ends, and the field is cleared at once. The login is never part of the widget's
    state, its output or the saved notebook.

    Test asks a hub whether it knows the login, and whether the chosen variant may be downloaded.

    Args:
        variant: the variant whose terms are shown; None lets the person choose one.
        lang: "en" or "ja"; the language in force when None.

    Raises:
        InvalidInput: an unknown variant or language.
    """

    def __init__(self, variant: str | Variant | None = None, lang: str | None = None) -> None:
        super().__init__(lang)
        self._variant = None if variant is None else find_variant(variant)
        self._asks_colab = False
        self._places: list[CredentialSource] = []
        self._places_block = controls.html()
        self._note = controls.html()
        self._fields: dict[str, Any] = {}
        self._forget_buttons: dict[str, Any] = {}
        self._test_buttons: dict[str, Any] = {}
        self._terms_block = controls.html()
        self._terms_list = controls.dropdown(self.text("login_terms_pick"))
        self._fill_terms_list()
        self._terms_list.observe(self._on_terms, "value")
        cards = [self._service_card(service) for service in SERVICES]
        colab_button = controls.button(self.text("login_colab"), lambda _: self._ask_colab())
        controls.set_visible(colab_button, credential_sources.in_colab())
        title, intro = tag("h3", self.text("login_title")), tag("p", self.text("login_intro"))
        self.assemble(
            controls.html(self.with_lang(title, intro)),
            self._places_block,
            colab_button,
            *cards,
            self._note,
            controls.html(self.with_lang(tag("h4", self.text("login_terms")))),
            self._terms_list,
            self._terms_block,
        )
        self._show_terms()
        self._update()

    def _fill_terms_list(self) -> None:
        """Lists the variants whose terms are to be accepted, where none was given."""
        gated = [v.name for v in variants(loadable=True) if v.gated]
        none = (self.text("login_terms_pick_none"), "")
        self._terms_list.options = [none, *((name, name) for name in gated)]
        controls.set_visible(self._terms_list, self._variant is None)

    def _service_card(self, service: str) -> Any:
        """The controls for the login of one service."""
        field = _SecretField(
            description=self.text(f"login_field_{service}"), continuous_update=False
        )
        controls.control(field, "gnb-field", "gnb-wide")
        field.observe(partial(self._on_entered, service), "value")
        # needs no handler: pressing it takes the focus from the field, which then sends its value
        keep = controls.button(self.text("login_keep"), lambda _: None)
        forget = controls.button(self.text("login_forget"), partial(self._on_forget, service))
        test = controls.button(self.text("login_test"), partial(self._on_test, service))
        self._fields[service], self._forget_buttons[service] = field, forget
        self._test_buttons[service] = test
        how = tag("p", self._login_link(service), self.text("login_then"), lang=self.lang)
        return controls.column(
            controls.html(how), controls.row(field, keep, test, forget), css_classes=("gnb-card",)
        )

    # event handlers

    def _on_entered(self, service: str, change: Any) -> None:
        """Takes what was typed, and clears the field whether or not it is valid."""
        secret = Secret(change["new"])
        change["new"] = ""
        self._fields[service].value = ""
        if not secret:  # the change that clearing the field made
            return
        try:
            credentials.set_session(service, secret)
        except InvalidInput as error:
            self._note.value = self.note_html(error.message.text(self.lang), is_error=True)
            return
        self._update()
        self._set_note(self.text("login_kept", service=SERVICE_NAMES[service]))

    def _on_forget(self, service: str, _: Any) -> None:
        credentials.clear_session(service)
        self._update()
        self._set_note(self.text("login_forgotten"))

    def _on_terms(self, change: Any) -> None:
        self._variant = find_variant(change["new"]) if change["new"] else None
        self._show_terms()
        self.refresh()

    def _on_test(self, service: str, button: Any) -> None:
        if button.disabled:  # a second press, while the hub is asked
            return
        self._enable_tests(enabled=False)
        self._set_note(self.text("login_asking", service=SERVICE_NAMES[service]))
        on_main_thread(partial(self._test, service))

    def _test(self, service: str) -> None:
        """Asks a hub; runs on the main thread, where the kernel's interrupt stops it."""
        try:
            self._set_note(check_access(service, self._variant).text(self.lang))
        except KeyboardInterrupt:
            self._set_note(self.text("login_stopped"))
        except GemmaError as error:
            self._note.value = self.note_html(error.message.text(self.lang), is_error=True)
        finally:
            # presses that arrived meanwhile are handled first, and do nothing
            run_later(lambda: self._enable_tests(enabled=True))

    def _enable_tests(self, *, enabled: bool) -> None:
        for button in self._test_buttons.values():
            button.disabled = not enabled

    def _ask_colab(self) -> None:
        self._asks_colab = True
        self._update()

    # view

    def _set_note(self, sentence: str) -> None:
        self._note.value = self.note_html(sentence)
        self.announce(sentence)

    def _update(self) -> None:
        self._places = credential_sources.list_sources(ask_user=self._asks_colab)
        with self.using_language():
            self._places_block.value = self.with_lang(self._places_html())
        for service in SERVICES:
            found = [source.place for source in self._places_of(service) if source.found]
            controls.set_visible(self._forget_buttons[service], SESSION_SOURCE in found)
            controls.set_visible(self._test_buttons[service], found)
        self.refresh()

    def _places_of(self, service: str) -> list[CredentialSource]:
        return [place for place in self._places if place.service == service]

    def _status(self, service: str) -> str:
        first = next((place for place in self._places_of(service) if place.found), None)
        name = SERVICE_NAMES[service]
        if first is None:
            return self.text("login_missing", service=name)
        return self.text("login_found", service=name, place=first.place)

    def _places_html(self) -> Html:
        status = join(tag("p", self._status(service)) for service in SERVICES)
        heads = [self.text("login_place"), self.text("login_there")]
        yes, no = self.text("login_yes"), self.text("login_no")
        rows = [
            (f"{SERVICE_NAMES[p.service]}: {p.place}", yes if p.found else no) for p in self._places
        ]
        label = self.text("login_places")
        places = table(rows, heads, label=label, first_is_head=True)
        return join([status, tag("details", tag("summary", label), places)])

    def _login_link(self, service: str) -> Html:
        return link(LOGIN_PAGES[service], self.text("login_get", service=SERVICE_NAMES[service]))

    def _show_terms(self) -> None:
        """Shows the pages of the variant that was chosen; without one, that one is to be chosen."""
        hint = tag("p", self.text("login_terms_hint"))
        self._terms_block.value = self.with_lang(self._terms_html() if self._variant else hint)

    def _terms_html(self) -> Html:
        """The pages on which the terms are accepted: of the variant, or else of every family."""
        if self._variant is not None and not self._variant.gated:
            return tag("p", self.text("login_terms_none", variant=self._variant.name))
        pages = [
            link(t.page, self.text("login_terms_of", variant=t.name, licence=t.licence, hub=t.hub))
            for t in terms_pages(self._variant)
        ]
        return tag("ul", *(tag("li", page) for page in pages))

    def static_html(self) -> Html:
        """Which logins were found where, and the pages on which terms are accepted."""
        title, terms = tag("h3", self.text("login_title")), tag("h4", self.text("login_terms"))
        pages = tag("ul", *(tag("li", self._login_link(service)) for service in SERVICES))
        return join([title, self._places_html(), pages, terms, self._terms_html()])

    def static_text(self) -> str:
        """The same as plain text."""
        lines = [self.text("login_title"), *(f"  {self._status(s)}" for s in SERVICES)]
        for service in SERVICES:
            get = self.text("login_get", service=SERVICE_NAMES[service])
            lines.append(f"  {get}: {LOGIN_PAGES[service]}")
        lines += [f"  {t.name} ({t.licence}): {t.page}" for t in terms_pages(self._variant)]
        return "\n".join(lines)
