"""The panel of logins: what was found where, what is missing, and a field that forgets at once."""

from __future__ import annotations

from functools import partial
from typing import Any

import ipywidgets
import traitlets

from gemma_nb import credentials
from gemma_nb.catalog import Variant
from gemma_nb.catalog import variant as find_variant
from gemma_nb.catalog.terms import terms
from gemma_nb.credentials import LOGIN_PAGES, PANEL, SERVICE_NAMES, SERVICES, Secret
from gemma_nb.errors import InvalidInput
from gemma_nb.widgets.base import controls
from gemma_nb.widgets.base.html import Html, join, link, table, tag
from gemma_nb.widgets.base.panel import Panel


class _Field(ipywidgets.Password):  # type: ignore[misc]
    """A password field whose value is not sent back to the pages that look on.

    ipywidgets 8 tells every page what one of them has sent, unless the trait says no.
    """

    value = traitlets.Unicode("").tag(sync=True, echo_update=False)


class CredentialsPanel(Panel):
    """Logins for Kaggle and Hugging Face: what there is, and what to do where there is none.

    What is typed goes to ``gemma_nb.credentials.give``, which keeps it in this process until the
    kernel ends; the field is cleared in the same breath. Neither the widget's state nor its output
    nor the saved notebook ever holds it.

    Args:
        variant: whose terms to show; None for every family.
        lang: "en" or "ja"; the language in force when None.

    Raises:
        InvalidInput: an unknown variant or language.
    """

    def __init__(self, variant: str | Variant | None = None, lang: str | None = None) -> None:
        super().__init__(lang)
        self._variant = None if variant is None else find_variant(variant)
        self._asking = False
        self._found = controls.html()
        self._note = controls.html()
        rows = []
        self._fields: dict[str, Any] = {}
        self._forget: dict[str, Any] = {}
        for service in SERVICES:
            text = self.text
            field = _Field(description=text(f"login_field_{service}"), continuous_update=False)
            controls.styled(field, "gnb-field", "gnb-wide")
            field.observe(partial(self._given, service), "value")
            # the field tells its value once it is left: to press this button is to leave it
            keep = controls.button(text("login_keep"), lambda _: None)
            forget = controls.button(text("login_forget"), partial(self._forgotten, service))
            self._fields[service], self._forget[service] = field, forget
            how = tag(
                "p",
                link(LOGIN_PAGES[service], text("login_get", service=SERVICE_NAMES[service])),
                text("login_then"),
                lang=self.lang,
            )
            rows.append(
                controls.column(
                    controls.html(how), controls.row(field, keep, forget), classes=("gnb-card",)
                )
            )
        colab = controls.button(self.text("login_colab"), lambda _: self._ask())
        controls.show(colab, credentials.in_colab())
        head = tag("h3", self.text("login_title")) + tag("p", self.text("login_intro"))
        self.assemble(
            controls.html(tag("div", Html(head), lang=self.lang)),
            self._found,
            colab,
            *rows,
            self._note,
            controls.html(self._terms()),
        )
        self._show()

    def _given(self, service: str, change: Any) -> None:
        """Takes what was typed, and clears the field, whatever comes of it."""
        secret = Secret(change["new"])
        change["new"] = ""
        self._fields[service].value = ""
        if not secret:  # the clearing itself
            return
        try:
            credentials.give(service, secret)
        except InvalidInput as error:
            self._tell(error.message.text(self.lang), wrong=True)
            return
        self._show()
        self._tell(self.text("login_kept", service=SERVICE_NAMES[service]))

    def _forgotten(self, service: str, _: Any) -> None:
        credentials.forget(service)
        self._show()
        self._tell(self.text("login_forgotten"))

    def _ask(self) -> None:
        self._asking = True
        self._show()

    def _tell(self, sentence: str, *, wrong: bool = False) -> None:
        kind, role = ("gnb-error", "alert") if wrong else ("gnb-note", None)
        self._note.value = tag("div", sentence, class_=kind, role=role, lang=self.lang)
        if not wrong:
            self.announce(sentence)

    def _show(self) -> None:
        self._places = credentials.where(asking=self._asking)
        with self.speaking():
            self._found.value = tag("div", self._found_html(), lang=self.lang)
        for service in SERVICES:
            held = any(p.found for p in self._of(service) if p.place == PANEL)
            controls.show(self._forget[service], held)
        self.refresh()

    def _of(self, service: str) -> list[credentials.Place]:
        return [p for p in self._places if p.service == service]

    def _status(self, service: str) -> str:
        first = next((p for p in self._of(service) if p.found), None)
        name = SERVICE_NAMES[service]
        if first is None:
            return self.text("login_missing", service=name)
        return self.text("login_found", service=name, place=first.place)

    def _found_html(self) -> Html:
        status = join(tag("p", self._status(s)) for s in SERVICES)
        heads = [self.text("login_place"), self.text("login_there")]
        yes, no = self.text("login_yes"), self.text("login_no")
        rows = [
            (f"{SERVICE_NAMES[p.service]}: {p.place}", yes if p.found else no) for p in self._places
        ]
        label = self.text("login_places")
        places = table(rows, heads, label=label, first_is_head=True)
        return join([status, tag("details", tag("summary", label), places)])

    def _terms(self) -> Html:
        if self._variant is not None and not self._variant.gated:
            none = self.text("login_terms_none", variant=self._variant.name)
            return tag("p", none, lang=self.lang)
        pages = [
            link(t.page, self.text("login_terms_of", variant=t.name, licence=t.licence, hub=t.hub))
            for t in terms(self._variant)
        ]
        items = tag("ul", *(tag("li", page) for page in pages))
        return tag("div", tag("h4", self.text("login_terms")), items, lang=self.lang)

    def static_html(self) -> Html:
        """What was found where, and where to accept terms."""
        get = tag(
            "ul",
            *(
                tag("li", link(LOGIN_PAGES[s], self.text("login_get", service=SERVICE_NAMES[s])))
                for s in SERVICES
            ),
        )
        return join([tag("h3", self.text("login_title")), self._found_html(), get, self._terms()])

    def static_text(self) -> str:
        """The same as plain text."""
        lines = [self.text("login_title"), *(f"  {self._status(s)}" for s in SERVICES)]
        for service in SERVICES:
            get = self.text("login_get", service=SERVICE_NAMES[service])
            lines.append(f"  {get}: {LOGIN_PAGES[service]}")
        lines += [f"  {t.name} ({t.licence}): {t.page}" for t in terms(self._variant)]
        return "\n".join(lines)
