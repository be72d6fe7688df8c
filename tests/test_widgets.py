"""What all widgets share: escaping, the two outputs, language, work on the main thread."""

import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parsed_html import ParsedHtml

import gemma_nb as gnb
from gemma_nb import i18n
from gemma_nb.catalog.registry import demo_directory
from gemma_nb.html_markup import Html, esc, join, tag
from gemma_nb.language import set_language
from gemma_nb.widgets.base import controls, main_thread, style
from gemma_nb.widgets.base.html import code_block, link, table
from gemma_nb.widgets.base.panel import WIDGET_VIEW, Panel

ATTACKS = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    "</style><svg onload=alert(1)>",
)


class Greeting(Panel):
    """The smallest widget: a name, and a greeting."""

    def __init__(self, who, lang=None):
        super().__init__(lang)
        self.who = who
        self.body = controls.html()
        self.assemble(self.body)
        self.body.value = self.static_html()

    def static_html(self):
        return tag("p", self.who)

    def static_text(self):
        return self.who


@pytest.mark.parametrize("attack", ATTACKS)
def test_text_never_becomes_markup(attack):
    made = [
        tag("p", attack),
        tag("p", "x", title=attack),
        code_block(attack, attack),
        table([[attack, attack]], [attack], label=attack, first_is_head=True),
        link("https://example.org", attack),
        join([attack, attack], attack),
    ]
    for markup in made:
        seen = ParsedHtml(markup)
        assert not {"img", "script", "svg", "style"} & set(seen.tags), markup
        assert not [k for k, _ in seen.attributes if k.startswith("on")], markup
        assert attack in seen.text or attack in dict(seen.attributes).values()


@given(st.text())
def test_any_text_is_seen_as_it_is(text):
    # a browser reads a lone carriage return as a newline, and NUL not at all
    text = text.replace("\r", "").replace("\0", "")
    assert ParsedHtml(tag("p", text)).text == text


def test_markup_is_escaped_once_only():
    assert tag("p", esc("<"), "&", Html("<b>x</b>")) == "<p>&lt;&amp;<b>x</b></p>"


@pytest.mark.parametrize("address", ["javascript:alert(1)", " javascript:x", "data:text/html,x"])
def test_links_lead_to_pages_only(address):
    assert "href" not in dict(ParsedHtml(link(address, "go")).attributes)
    assert (
        dict(ParsedHtml(link("https://a.org/?q=1&b", "go")).attributes)["href"]
        == "https://a.org/?q=1&b"
    )


def test_a_widget_is_view_table_and_text():
    shown = Greeting("Aiko <b>")._repr_mimebundle_()
    assert shown[WIDGET_VIEW]["model_id"]
    assert "Aiko &lt;b&gt;" in shown["text/html"]
    assert shown["text/plain"] == "Aiko <b>"
    assert set(Greeting("x")._repr_mimebundle_(include={"text/plain"})) == {"text/plain"}
    assert WIDGET_VIEW not in Greeting("x")._repr_mimebundle_(exclude={WIDGET_VIEW})


def test_in_a_terminal_it_prints_its_text(capsys):
    Greeting("Aiko")._ipython_display_()
    assert capsys.readouterr().out == "Aiko\n"


def test_in_a_notebook_it_shows_itself_and_a_copy_that_follows(monkeypatch):
    from gemma_nb.widgets.base import panel

    shown, updated = [], []

    class Handle:
        def update(self, bundle, *, raw):
            assert raw
            updated.append(bundle)

    def display(bundle, *, raw, display_id=None):
        assert raw
        shown.append(bundle)
        return Handle() if display_id else None

    monkeypatch.setattr(panel, "kernel", object)
    monkeypatch.setattr("IPython.display.display", display)
    widget = Greeting("Aiko")
    widget._ipython_display_()
    live, copy = shown
    assert WIDGET_VIEW in live
    assert WIDGET_VIEW not in copy
    # the live one hides exactly this copy
    hides = style.static_copy_class(widget.name)
    assert hides in widget.root.children[0].value
    assert hides in copy["text/html"]
    assert hides not in Greeting("x").root.children[0].value
    widget.who = "Ken"
    widget.refresh()
    assert updated[0]["text/plain"] == "Ken"


def test_the_language_is_its_own():
    widget = Greeting("x", "JA")
    assert widget.lang == "ja"
    assert "操作" in widget.text("widget_static_note")
    with widget.using_language():
        assert i18n.language() == "ja"
    assert i18n.language() == "en"
    set_language("ja")
    assert Greeting("x").lang == "ja"
    with pytest.raises(ValueError, match="'fr'"):
        Greeting("x", "fr")


def test_what_is_announced_twice_is_said_twice():
    widget = Greeting("x")
    widget.announce("<It fits>")
    first = widget._live_region.value
    widget.announce("<It fits>")
    assert widget._live_region.value != first
    assert ParsedHtml(first).text == "<It fits>"


def test_work_runs_on_the_main_thread():
    ran = []
    main_thread.on_main_thread(lambda: ran.append(threading.current_thread()))
    assert ran == [threading.main_thread()]


def test_work_from_another_thread_waits_for_the_main_one_and_can_be_interrupted(monkeypatch):
    import _thread
    import time

    queued, seen = [], []

    class Loop:
        add_callback = staticmethod(queued.append)

    class Kernel:
        io_loop = Loop

    monkeypatch.setattr(main_thread, "kernel", Kernel)

    def work():
        seen.append(threading.current_thread())
        _thread.interrupt_main()
        time.sleep(1)
        seen.append("not interrupted")

    thread = threading.Thread(target=main_thread.on_main_thread, args=(work,))
    thread.start()
    thread.join()
    assert not seen
    queued[0]()
    assert seen == [threading.main_thread()]


def test_later_is_now_where_no_loop_runs():
    ran = []
    main_thread.run_later(lambda: ran.append(1))
    assert ran == [1]


def test_the_shared_base_imports_no_keras():
    code = "import sys, gemma_nb.widgets.base.panel; print([m for m in ('keras', 'jax') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_style_sheets_and_scripts_are_compact_and_stay_in_their_elements():
    folder = Path(style.__file__).parents[1]
    paths = [
        p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.suffix in (".css", ".js")
    ]
    assert {"base/style.css", "base/page.js", "chat/chat.css", "chat/chat.js"} <= set(paths)
    for path in paths:
        name, html = (
            ("script", style.script_html) if path.endswith(".js") else ("style", style.style_html)
        )
        element = html(path)
        assert element.startswith(f"<{name}>")
        assert element.lower().index(f"</{name}") == len(element) - len(f"</{name}>")
        assert "/*" not in element
        assert not [line for line in element.splitlines() if line.startswith((" ", "//"))]
        assert name == "script" or "\n" not in element


def _luminance(colour):
    colour = colour.lstrip("#")
    colour = "".join(c * 2 for c in colour) if len(colour) == 3 else colour
    parts = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one, other):
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_keep_their_contrast(scheme):
    sheet = style.style_sheet("base/style.css")
    (rules,) = re.findall(rf"\{{(color-scheme:{scheme}[^}}]*)\}}", sheet)
    pairs = (part.split(":") for part in rules.split(";") if "--g-" in part)
    colours = {name.removeprefix("--g-"): value for name, value in pairs}
    for text in ("fg", "muted", "accent"):
        for ground in ("bg", "soft"):
            assert _contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    for ground in ("tint", "fits-bg", "tight-bg", "no-bg"):
        assert _contrast(colours["fg"], colours[ground]) >= 4.5, ground
    for status in ("fits", "tight", "no"):
        assert _contrast(colours[status], colours[f"{status}-bg"]) >= 4.5, status
    assert _contrast(colours["on-accent"], colours["accent"]) >= 4.5
    for line in ("line", "p1", "p2", "p3", "p4", "p5", "p6"):
        assert _contrast(colours[line], colours["bg"]) >= 3, line


def every_widget(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from every_widget(child)


def unordered(widget):
    """The controls whose messages ipykernel 7.4.0 may handle before those that were sent earlier."""
    from ipywidgets import HTML, Button, ValueWidget

    controls = [one for one in every_widget(widget) if isinstance(one, (Button, ValueWidget))]
    return [
        one
        for one in controls
        if not isinstance(one, HTML) and not hasattr(one.comm, "_reply_subshell_for")
    ]


def test_messages_are_handled_where_the_page_sent_them():
    pytest.importorskip("ipykernel.comm")
    from ipykernel.comm.comm import BaseComm

    comm = BaseComm(comm_id="1", primary=False)
    comm._reply_subshell_id = None  # the kernel wrote to it last from the main shell
    main_thread.handle_in_order(SimpleNamespace(comm=comm))
    assert comm._reply_subshell_for({"content": {"event": "click"}}, "sub") == "sub"


@pytest.mark.parametrize("attack", [*ATTACKS, "$\\href{javascript:alert(1)}{x}$", "\\(x\\)"])
def test_no_label_holds_markup_or_a_formula(attack):
    """ipywidgets 7 renders a description as HTML; both versions typeset formulas in it."""
    made = [
        controls.dropdown(attack, [attack], attack), controls.text_field(attack),
        controls.text_area(attack), controls.checkbox(attack), controls.file_upload(attack, ""),
        controls.button(attack, print), controls.toggle_buttons(attack, [(attack, "a")], "a"),
    ]  # fmt: skip
    for control in made:
        assert not set("<>&$\\") & set(control.description)
        assert len(control.description) == len(attack)


def test_a_stranger_s_folder_name_is_no_markup_in_any_panel(tmp_path):
    folder = tmp_path / "m<img src=x onerror=alert(1)>"
    shutil.copytree(demo_directory("demo_gemma3_instruct_1m"), folder)
    choice = gnb.Choice(str(folder), "float32", runtime="T4")
    for panel in (
        gnb.PromptInspector(variant=str(folder)),
        gnb.Picker(str(folder)),
        gnb.Picker(str(folder), choice.runtime),
        gnb.ComparePanel([str(folder)]),
    ):
        labels = [str(getattr(one, "description", "")) for one in every_widget(panel.root)]
        assert len(labels) > 20
        assert not [label for label in labels if "<" in label]
        panel.close()


def use_picker(picker):
    picker.choice = "gemma3_instruct_1b"
    for _ in range(3):  # opened, closed and opened again
        picker._loader._toggle_login()
    picker._tabs.selector.value = "all"


def use_inspector(inspector):
    for example in ("turns", "image", "tools"):
        inspector._example_list.value = example
    editor = inspector._editor
    editor.add_button.click()
    editor.system_button.click()
    editor.system_button.click()
    editor.cards[-1].remove_button.click()
    editor.cards[1]._add_part({"type": "image", "image": b"x"})
    editor.cards[1]._update_widget()
    editor.cards[1].parts[-1].button.click()


def use_compare(panel):
    panel._candidates.add("demo_gemma3_instruct_1m:int8")
    panel._update()


def use_credentials(panel):
    panel._terms_list.value = "gemma3_instruct_1b"


@pytest.mark.parametrize(
    ("kind", "use"),
    [
        (gnb.Picker, use_picker),
        (gnb.PromptInspector, use_inspector),
        (gnb.ComparePanel, use_compare),
        (gnb.CredentialsPanel, use_credentials),
    ],
)
def test_closing_a_panel_leaves_no_widget(kind, use):
    from ipywidgets.widgets import widget

    def widgets():
        return dict(getattr(widget, "_instances", None) or widget.Widget.widgets)

    before = widgets()
    panel = kind()
    assert len(widgets()) > len(before) + 20
    use(panel)
    assert unordered(panel.root) == []
    panel.close()
    left = [one for name, one in widgets().items() if name not in before]
    assert left == []
