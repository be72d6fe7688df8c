"""The picker without a browser: what it opens on, what each change does, what a lesson fixes."""

import dataclasses
import subprocess
import sys
from types import SimpleNamespace

import pytest
from parsed_html import ParsedHtml

import gemma_nb as gnb
from gemma_nb import load_model
from gemma_nb.hub.progress import ProgressStep
from gemma_nb.text_utils import format_gib
from gemma_nb.widgets.picker import model_loader as loader_module
from gemma_nb.widgets.picker import picker_cards
from gemma_nb.widgets.picker.picker import LOCKABLE_PARTS

ATTACK = '<img src=x onerror="alert(1)">'


@pytest.fixture(autouse=True)
def no_logins(monkeypatch, tmp_path):
    """No login and no download of this machine's."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "cache"))
    for name in ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def choose(picker, name, value):
    """What a front end does when a person chooses from a list."""
    control = picker._lists[name]
    values = [v for _, v in control.options]
    control.set_state({"index": values.index(value)})


def label(picker, name):
    return picker._lists[name].label


def test_it_opens_on_the_recommendation_and_says_why():
    picker = gnb.Picker(runtime="L4")
    best = gnb.recommend("L4")
    assert picker.choice.variant == best.variant
    assert picker.choice.precision == best.precision
    assert picker.choice.runtime.name == "L4"
    assert str(best.variant.name) in picker._recommendation.body.value
    assert "newest core" in picker._recommendation.body.value
    assert "Fits" in picker._verdict_block.value


def test_opening_and_choosing_import_no_keras():
    code = (
        "import sys, gemma_nb as gnb; p = gnb.Picker(); p.choice = 'gemma3_instruct_27b'; "
        "p._tabs.selector.value = 'all'; p._tabs.selector.value = 'elsewhere'; p._repr_mimebundle_(); "
        "print([m for m in ('keras', 'keras_hub', 'jax', 'tensorflow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_choice_from_the_lists_is_the_choice():
    picker = gnb.Picker(runtime="L4")
    choose(picker, "family", ("Gemma", "3"))
    choose(picker, "size", "27B")
    assert picker.choice.variant.name == "gemma3_instruct_27b"
    assert "Does not fit" in picker._verdict_block.value
    assert "gnb-p6" in picker._memory_block.value
    assert picker._live_region.value.count("does not fit on L4")
    choose(picker, "precision", "int4")
    assert picker.choice.precision == "int4"
    assert "Fits" in picker._verdict_block.value
    choose(picker, "max_length", 4096)
    choose(picker, "batch_size", 4)
    assert (picker.choice.max_length, picker.choice.batch_size) == (4096, 4)


def test_at_first_everything_beyond_the_choice_is_folded():
    picker = gnb.Picker(runtime="L4")
    assert picker._tabs.body.value == ""
    assert "<details" in picker._recommendation.body.value
    fold = picker._more_button
    assert not fold.value
    assert fold.description == ("More settings (context length 2,048, conversations at once 1)")
    (body,) = [w for w in below(picker.root) if picker._name_field in below(w) and w is not picker.root
               and w.layout.display == "none"]  # fmt: skip
    fold.value = True
    assert body.layout.display is None
    choose(picker, "max_length", 4096)
    assert "4,096" in fold.description
    fold.value = False
    assert body.layout.display == "none"


def test_only_what_fits_is_listed_where_wanted():
    picker = gnb.Picker(runtime="L4")
    every = {n: len(picker._lists[n].options) for n in ("family", "size", "precision")}
    picker._only_fitting.value = True
    for name, control in picker._lists.items():
        if name not in ("task", "runtime"):
            assert not [k for k, _ in control.options if k.startswith(("✗", "–"))], name
    assert len(picker._lists["family"].options) < every["family"]
    picker._tabs.selector.value = "all"
    assert "✗" not in picker._tabs.body.value
    assert len(picker._tabs.variant.options) < len(gnb.variants())
    # what is chosen stays in the lists, whether or not it fits
    picker.choice = "gemma3_instruct_27b"
    assert label(picker, "size").startswith("✗ 27B")
    assert [k for k, _ in picker._lists["size"].options if k.startswith("✗")] == [
        label(picker, "size")
    ]
    picker._only_fitting.value = False
    assert "✗" in picker._tabs.body.value


def primary(picker):
    """The primary buttons that a person sees and can press, the panels inside included."""
    seen, queue = [], [picker.root]
    while queue:
        widget = queue.pop()
        if widget.layout.display == "none":
            continue
        queue += getattr(widget, "children", ())
        if "gnb-primary" in widget._dom_classes and not widget.disabled:
            seen.append(widget)
    return seen


def test_one_button_at_most_is_the_next_step(monkeypatch):
    picker = gnb.Picker("demo_gemma3_instruct_4m")
    assert primary(picker) == [picker._loader.load_button]
    monkeypatch.setattr(picker_cards, "find_obstacle", lambda _: "login")
    picker._update()
    assert primary(picker) == [picker._recommendation.demo_button]
    during = []

    def load(*_, **__):
        during.append(primary(picker))
        raise OSError("enough")

    monkeypatch.setattr(load_model, "load", load)
    picker._recommendation.demo_button.click()
    assert during == [[]]
    assert primary(picker) == [picker._recommendation.demo_button]
    monkeypatch.setattr(picker_cards, "find_obstacle", lambda _: "")
    elsewhere = gnb.Picker("gemma3_instruct_27b", "L4")
    assert primary(elsewhere) == []  # it is loaded on another machine


def below(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from below(child)


def test_a_choice_from_code_moves_the_widget():
    picker = gnb.Picker(runtime="L4")
    picker.choice = gnb.Choice("gemma3_instruct_12b", "int8", 3000, 3, "A100-40GB")
    assert label(picker, "size").startswith("✓ 12B")
    assert label(picker, "precision").startswith("✓ int8")
    assert label(picker, "max_length").startswith("✓ 3,000")
    assert label(picker, "batch_size").startswith("✓ 3")
    assert "A100-40GB" in label(picker, "runtime")
    picker.choice = "gemma3_instruct_1b"
    assert picker.choice.variant.name == "gemma3_instruct_1b"
    assert picker.choice.max_length == 3000
    own = gnb.Runtime("my box", "gpu", 2 * 10**10)
    picker.choice = gnb.Choice("gemma3_instruct_1b", "bfloat16", runtime=own)
    assert "my box" in label(picker, "runtime")
    before = picker.choice
    for wrong in ("nonsense", gnb.Choice("gemma3_instruct_1b", "bfloat16", -1, runtime="L4")):
        with pytest.raises(ValueError):
            picker.choice = wrong
        assert picker.choice == before


def test_a_choice_for_this_machine_can_be_loaded_here():
    picker = gnb.Picker("gemma3_instruct_27b", "L4")
    assert picker._loader.load_button.disabled
    assert "what-if" in picker._loader.disabled_reason.value
    picker.choice = gnb.Choice("demo_gemma3_instruct_4m", "float32")
    assert picker._lists["runtime"].value == "this"
    assert not picker._loader.load_button.disabled


def test_detecting_this_machine_again_keeps_a_choice_for_another_one(monkeypatch):
    picker = gnb.Picker("gemma3_instruct_27b", "L4")
    before = picker.choice
    changed = dataclasses.replace(picker._here, memory_bytes=picker._here.memory_bytes // 2)
    monkeypatch.setattr("gemma_nb.widgets.picker.picker.detect_runtime", lambda: changed)
    picker._on_detect()
    assert picker.choice == before
    assert picker._here is changed
    assert "L4" in label(picker, "runtime")


@pytest.mark.parametrize("runtime", [r.name for r in gnb.runtimes()])
def test_every_known_runtime_can_be_asked_what_if(runtime):
    picker = gnb.Picker("gemma3_instruct_4b")
    choose(picker, "runtime", runtime)
    assert picker.choice.runtime.name == runtime
    assert runtime in picker._verdict_block.value
    assert picker._loader.load_button.disabled


def test_every_change_that_would_help_is_a_button_that_makes_it():
    picker = gnb.Picker("gemma3_instruct_27b", "L4")
    offered = [b for b in picker._fix_buttons.buttons if b.layout.display is None]
    verdict = gnb.advise(picker.choice)
    assert [b.description for b in offered] == [str(f) for f in verdict.fixes]
    offered[0].click()
    assert picker.choice == verdict.fixes[0].apply()
    assert gnb.advise(picker.choice).fits


def test_a_change_of_runtime_brings_that_runtimes_recommendation():
    picker = gnb.Picker("gemma3_instruct_27b", "L4")
    moved = next(b for b in picker._fix_buttons.buttons if "Run it on" in b.description)
    moved.click()
    assert picker.choice.runtime.name != "L4"
    assert picker._recommendation.choice().runtime == picker.choice.runtime
    assert picker.choice.runtime.name in label(picker, "runtime")
    picker._recommendation.take_button.click()
    assert picker.choice.variant == gnb.recommend(picker.choice.runtime).variant


def test_the_largest_is_taken_over_the_devices_that_it_takes():
    """It was taken on one device, where it does not fit."""
    picker = gnb.Picker(runtime="T4 x2")
    picker._recommendation.larger_button.click()
    assert picker.choice == gnb.recommend("T4 x2").alternative.verdict.choice
    assert picker.choice.devices == 2
    assert gnb.advise(picker.choice).status == "fits"
    assert picker._recommendation.larger_button.layout.display == "none"


def test_a_task_takes_what_is_made_for_it():
    picker = gnb.Picker(runtime="L4")
    choose(picker, "task", "code")
    assert picker.choice.variant.family == "CodeGemma"
    choose(picker, "task", "embedding")
    assert picker.choice.variant.role == "embed"
    assert "Fits" in picker._verdict_block.value  # as an embedder it is not ruled out


def test_what_cannot_be_together_is_listed_with_its_reason():
    picker = gnb.Picker("code_gemma_2b_en", "L4")
    tunings = {v: k for k, v in picker._lists["tuning"].options}
    assert "not with 2B" in tunings["IT"]
    choose(picker, "tuning", "IT")
    assert picker.choice.variant.size == "7B"
    assert "CodeGemma 1 2B does not exist as IT" in picker._note.value
    lengths = {v: k for k, v in picker._lists["max_length"].options}
    assert "beyond" in lengths[131072]
    choose(picker, "max_length", 131072)
    assert picker.choice.max_length == 2048
    assert picker._lists["max_length"].value == 2048
    assert "8192" in picker._note.value


def test_a_precision_that_breaks_a_variant_is_ruled_out_with_the_reason():
    picker = gnb.Picker("gemma3n_e4b_it", "L4")
    choose(picker, "precision", "float16")
    assert "Does not work" in picker._verdict_block.value
    assert "65,504" in picker._verdict_block.value
    assert [b for b in picker._fix_buttons.buttons if b.layout.display is None]


def test_a_lesson_fixes_what_it_is_not_about():
    picker = gnb.Picker("gemma3_instruct_27b", "L4", lock=("variant", "runtime"))
    for name in ("family", "size", "tuning", "variant", "runtime"):
        assert picker._lists[name].disabled
    assert picker._name_field.disabled
    assert not picker._lists["precision"].disabled
    for button in (b for b in picker._fix_buttons.buttons if b.layout.display is None):
        changes = "Quantise" not in button.description
        assert button.disabled == changes
        assert ("fixed for this lesson" in button.description) == changes
    before = picker.choice
    # what is disabled in the page is refused here too
    picker._take_name("gemma3_instruct_1b")
    choose(picker, "task", "code")
    picker._recommendation.demo_button.click()
    assert picker.choice == before
    assert "fixed for this lesson" in picker._note.value
    picker.choice = "gemma3_instruct_1b"  # a teacher's code still can
    assert picker.choice.variant.name == "gemma3_instruct_1b"


def test_locks_have_names():
    assert gnb.Picker(lock="task")._lists["task"].disabled
    with pytest.raises(ValueError, match=r"'colour'.*precision"):
        gnb.Picker(lock=("precision", "colour"))
    gnb.Picker(lock=LOCKABLE_PARTS)


@pytest.mark.parametrize("arguments", [{"variant": "gemma99"}, {"runtime": "T5"}, {"lang": "fr"}])
def test_nonsense_is_refused_at_once(arguments):
    with pytest.raises(ValueError):
        gnb.Picker(**arguments)


@pytest.mark.parametrize("text", [ATTACK, "gemma99", "hf://", "/no/such/place", "{0}", "x" * 9999])
def test_nonsense_in_the_field_is_told_and_changes_nothing(text):
    picker = gnb.Picker("gemma3_instruct_1b", "L4")
    before = picker.choice
    picker._name_field.set_state({"value": text})
    assert picker.choice == before
    assert 'role="alert"' in picker._note.value
    assert "<img" not in picker._note.value
    assert picker._name_field.value == text  # there to be corrected
    picker._name_field.set_state({"value": " Gemma3_Instruct_270m "})
    assert picker.choice.variant.name == "gemma3_instruct_270m"
    assert picker._name_field.value == ""
    assert "alert" not in picker._note.value


def test_a_cleared_name_clears_its_error_and_no_other_note():
    picker = gnb.Picker("gemma3_instruct_1b", "L4")
    field = picker._name_field
    field.set_state({"value": "gemma99"})
    assert "gemma99" in picker._note.value
    field.set_state({"value": ""})
    assert picker._note.value == ""
    field.set_state({"value": "gemma99"})
    choose(picker, "max_length", 131072)  # refused, with a note of its own
    noted = picker._note.value
    assert "gemma99" not in noted
    field.set_state({"value": "  "})
    assert picker._note.value == noted != ""
    # a name that is taken clears the field, and keeps the note on what changed with it
    choose(picker, "max_length", 32768)
    field.set_state({"value": "gemma2_2b_en"})
    assert field.value == ""
    assert "8192" in picker._note.value


def test_the_demo_comes_first_where_a_login_or_a_network_is_missing(monkeypatch):
    for wants, there in (("login", True), ("network", True), ("", False)):
        monkeypatch.setattr(picker_cards, "find_obstacle", lambda _, wants=wants: wants)
        picker = gnb.Picker(runtime="L4")
        assert picker._recommendation.demo_is_first == there
        assert ("gnb-primary" in picker._recommendation.demo_button._dom_classes) == there
        assert bool(picker._recommendation.demo_reason.value) == there
        assert picker._recommendation.demo_button.layout.display is None  # beside it always


def test_all_variants_can_be_sorted_and_taken():
    picker = gnb.Picker(runtime="L4")
    tabs = picker._tabs
    tabs.selector.value = "all"
    assert len(tabs.variant.options) == len(gnb.variants()) + 1
    orders = {}
    for by in ("released", "variant", "parameters", "needed", "status"):
        tabs.sort_key.value = by
        down = [v for _, v in tabs.variant.options][1:]
        tabs.descending.value = False
        assert [v for _, v in tabs.variant.options][1:] == down[::-1]
        tabs.descending.value = True
        orders[by] = down
    assert len({tuple(o) for o in orders.values()}) == 5
    sizes = [gnb.variant(n).parameters for n in orders["parameters"]]
    assert sizes == sorted(sizes, reverse=True)
    tabs.variant.value = "gemma2_2b_en"
    assert picker.choice.variant.name == "gemma2_2b_en"
    assert tabs.variant.value == ""
    assert tabs.body.value.count("← chosen") == 1


def test_a_phone_gets_the_file_that_runs_there():
    picker = gnb.Picker(runtime="phone 8 GB")
    assert (picker.choice.variant.name, picker.choice.precision) == ("gemma4_instruct_2b", "int4")
    assert "Fits" in ParsedHtml(picker._verdict_block.value).text
    picker._tabs.selector.value = "facts"
    size = format_gib(gnb.advise(picker.choice).memory.weights)
    assert f"Download{size}" in ParsedHtml(picker._tabs.body.value).text
    # int4 is the phone's own default; on another machine it is that machine's
    choose(picker, "runtime", "L4")
    assert picker.choice.precision == "bfloat16"


@pytest.mark.parametrize(
    ("lang", "word", "button"),
    [
        ("en", "fits on 2 devices", "Or the largest: gemma4_instruct_31b on 2 devices"),
        ("ja", "デバイス 2 個で収まる", "デバイス 2 個で最大のもの: gemma4_instruct_31b"),
    ],
)
def test_what_fits_on_the_devices_at_hand(lang, word, button):
    """A model that two T4 hold is no model that does not run, and it is taken for both."""
    picker = gnb.Picker(runtime="T4 x2", lang=lang)
    assert picker._recommendation.larger_button.description == button
    tabs = picker._tabs
    tabs.selector.value = "all"
    rows = [ParsedHtml(row).text for row in tabs.body.value.split("<tr>")]
    (row,) = [row for row in rows if row.startswith("gemma4_instruct_31b✓")]
    verdict = gnb.advise("gemma4_instruct_31b", "int4", "T4 x2", devices=2)
    assert word in row
    assert f"2 x {format_gib(verdict.bytes_needed)}" in row
    # what one of them holds is on one
    assert not [row for row in rows if row.startswith("gemma3_instruct_1b") and "2 x" in row]
    tabs.variant.value = "gemma4_instruct_31b"
    choice = picker.choice
    assert (choice.precision, choice.devices) == ("int4", 2)
    assert gnb.advise(choice).fits
    status = {"en": "Fits on 2 devices", "ja": "デバイス 2 個で収まります"}[lang]
    assert status in ParsedHtml(picker._verdict_block.value).text
    tabs.variant.value = "gemma3_instruct_1b"
    assert picker.choice.devices == 1


def test_the_lists_say_what_fits_on_the_devices_at_hand_and_take_them():
    picker = gnb.Picker("gemma3_instruct_1b", "T4 x2")
    choose(picker, "precision", "int4")
    labels = {value: label for label, value in picker._lists["size"].options}
    assert labels["1B"] == "✓ 1B: fits"
    assert labels["27B"] == "✓ 27B: fits on 2 devices"
    picker._only_fitting.value = True
    assert "27B" in [value for _, value in picker._lists["size"].options]
    choose(picker, "size", "27B")
    assert (picker.choice.variant.size, picker.choice.devices) == ("27B", 2)
    assert gnb.advise(picker.choice).fits
    # the number of devices itself is what a person sets, and the present size is judged on it
    picker._only_fitting.value = False
    choose(picker, "devices", 1)
    assert picker.choice.devices == 1
    assert not gnb.advise(picker.choice).fits
    assert label(picker, "size") == "✗ 27B: no"


def test_a_lesson_that_locks_the_devices_keeps_them():
    picker = gnb.Picker(gnb.Choice("gemma3_instruct_1b", "int4", runtime="T4 x2"), lock="devices")
    choose(picker, "size", "27B")
    assert (picker.choice.variant.size, picker.choice.devices) == ("27B", 1)


def test_what_a_lesson_locks_stays_as_it_is_when_a_row_is_taken():
    picker = gnb.Picker(gnb.Choice("gemma3_1b", "bfloat16", runtime="T4 x2"), lock="precision")
    picker._tabs.selector.value = "all"
    picker._tabs.variant.value = "gemma3_instruct_27b_text"  # its row is in int4
    choice = picker.choice
    assert (choice.variant.name, choice.precision) == ("gemma3_instruct_27b_text", "bfloat16")


def test_the_same_model_on_more_devices_is_loaded_again():
    one = gnb.Choice("gemma3_1b", "bfloat16", runtime="T4 x2")
    two = dataclasses.replace(one, devices=2)
    assert loader_module._loads_same(one, dataclasses.replace(one))
    assert not loader_module._loads_same(one, two)


def test_the_tabs_show_code_and_the_other_ways():
    picker = gnb.Picker("gemma3_instruct_1b", "T4")
    picker._tabs.selector.value = "code"
    assert (
        "gnb.load(&quot;gemma3_instruct_1b&quot;, &quot;bfloat16&quot;" in picker._tabs.body.value
    )
    picker._tabs.selector.value = "elsewhere"
    assert "llama.cpp" in picker._tabs.body.value
    picker._tabs.selector.value = "facts"
    assert "999,885,952 parameters" in picker._tabs.body.value
    picker._tabs.selector.value = "closed"
    assert picker._tabs.body.value == ""
    picker.choice = "recurrentgemma_2b"
    picker._tabs.selector.value = "code"
    assert "cannot load" in picker._tabs.body.value


def test_the_static_forms_hold_the_same(capsys):
    picker = gnb.Picker("gemma3_instruct_27b", "L4")
    shown, text = picker.static_html(), picker.static_text()
    for said in ("gemma3_instruct_27b", "Does not fit", "Google gave 46.4 GB", "Missing", "int4"):
        assert said in shown
        assert said in text
    assert "<" not in text.replace("<img", "")
    picker._ipython_display_()
    assert "Does not fit" in capsys.readouterr().out


def displayed(picker, monkeypatch):
    """A saved notebook in which a picker stands."""
    import nbformat

    from gemma_nb.widgets.base import panel

    outputs = []

    def display(bundle, *, raw, display_id=None):
        outputs.append(nbformat.v4.new_output("display_data", data={**bundle}))

    monkeypatch.setattr(panel, "kernel", object)
    monkeypatch.setattr("IPython.display.display", display)
    picker._ipython_display_()
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x", outputs=outputs)])


def test_a_page_or_a_text_made_of_the_notebook_shows_the_table_once(monkeypatch):
    from nbconvert import HTMLExporter, MarkdownExporter

    notebook = displayed(gnb.Picker("gemma3_instruct_27b", "L4"), monkeypatch)
    for exporter in (HTMLExporter(), MarkdownExporter()):
        shown, _ = exporter.from_notebook_node(notebook)
        assert shown.count("<table") == 1
        assert "gemma3_instruct_27b in bfloat16 does not fit" in shown
    # GitHub takes the richest form that it knows of each output: text/html
    rich = [output["data"]["text/html"] for output in notebook.cells[0].outputs]
    assert sum(form.count("<table") for form in rich) == 1


def test_the_name_that_is_told_reaches_the_model(monkeypatch):

    picker, names = gnb.Picker(), {}

    shell = SimpleNamespace(user_ns=names)
    monkeypatch.setattr("gemma_nb.widgets.base.panel.kernel", lambda: SimpleNamespace(shell=shell))
    assert picker._model_name() == "picker.model"
    names |= {"_": picker, "_i3": "gnb.Picker()", "_3": picker, "other": 1}
    assert picker._model_name() == "_3.model"
    names["mine"] = picker
    assert picker._model_name() == "mine.model"


def test_everything_is_said_in_japanese():
    picker = gnb.Picker("gemma3_instruct_27b", "L4", lang="ja")
    assert "収まりません" in picker._verdict_block.value
    assert "チャット" in [k for k, _ in picker._lists["task"].options]
    picker._name_field.set_state({"value": "gemma99"})
    assert "gemma99" in picker._note.value
    assert "There is" not in picker._note.value
    for tab in ("elsewhere", "all", "code", "facts"):
        picker._tabs.selector.value = tab
    assert "読み込" in picker._loader.load_button.description
    assert "収まりません" in picker.static_text()
    assert "fits" not in picker.static_text()


def test_errors_of_loading_are_shown_whole(monkeypatch):

    picker = gnb.Picker("demo_gemma3_instruct_4m")

    def broken(*_, **__):
        raise OSError(ATTACK)

    monkeypatch.setattr(load_model, "load", broken)
    picker._loader.load_button.click()
    said = picker._loader.message.value
    assert "OSError" in said
    assert "Traceback" in said
    assert "<img" not in said
    assert 'role="alert"' in said
    assert picker.model is None
    assert not picker._loader.load_button.disabled
    choose(picker, "precision", "bfloat16")
    assert picker._loader.message.value == ""  # it was said of another choice

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(load_model, "load", interrupted)
    picker._loader.load_button.click()
    assert "interrupted" in picker._loader.message.value
    assert not picker._loader.is_busy


def test_a_missing_login_is_told_and_a_place_for_it_offered(monkeypatch):
    picker = gnb.Picker("gemma3_instruct_270m")
    if picker._loader.load_button.disabled:
        pytest.skip("this machine has no room for Gemma 3 270M")
    assert picker._loader.login_button.layout.display is None
    picker._loader.load_button.click()
    assert "needs a login" in picker._loader.message.value
    picker._loader.login_button.click()
    (panel,) = picker._loader.login_box.children
    assert "gnb" in panel._dom_classes
    picker.choice = "demo_gemma3_instruct_4m"
    assert picker._loader.login_button.layout.display == "none"
    assert picker._loader.login_box.children == ()


def test_a_press_while_it_loads_is_ignored(monkeypatch):

    picker, calls = gnb.Picker("demo_gemma3_instruct_4m"), []

    def load(*_, progress, **__):
        calls.append(1)
        picker._loader.load_button.click()
        picker._recommendation.demo_button.click()
        progress(ProgressStep("import", "KerasHub"))
        assert "Importing KerasHub" in picker._loader.message.value
        assert "<progress" in picker._loader.message.value
        assert "value=" not in picker._loader.message.value  # nothing to measure
        progress(ProgressStep("import", "KerasHub", seconds=1.25, finished=True))
        progress(ProgressStep("build", "demo", note="A note on the way."))
        progress(ProgressStep("build", "demo", note="A note on the way."))
        progress(ProgressStep("weights", "demo", done=50, total=100))
        shown = ParsedHtml(picker._loader.message.value)
        assert "50%" in shown.text
        assert shown.text.count("✓") == 2
        assert "✓ Imported KerasHub in 1.2 s" in shown.text
        assert shown.text.count("A note on the way.") == 1
        assert ("value", "0.500") in shown.attributes
        raise OSError("enough")

    monkeypatch.setattr(load_model, "load", load)
    picker._loader.load_button.click()
    assert calls == [1]


@pytest.mark.slow
def test_load_makes_a_model_that_answers():
    picker = gnb.Picker()
    picker._recommendation.demo_button.click()
    assert picker.model is not None, picker._loader.message.value
    assert "is ready" in picker._loader.message.value
    assert "Read the weights of demo_gemma3_instruct_4m in" in picker._loader.message.value
    assert primary(picker) == [picker._loader.chat_button]
    assert "Tokyo" in picker.model.generate("What is the capital of Japan?")
    picker._loader.chat_button.click()
    (chat,) = picker._loader.chat_box.children
    assert "gnb" in chat._dom_classes
    assert len(primary(picker)) == 1
    assert primary(picker)[0] in list(below(chat))
    assert picker._loader.chat_button.description == "Close the chat"
    picker._loader.chat_button.click()
    assert picker._loader.chat_box.children == ()
    assert chat.comm is None  # closed, not only hidden
    picker._loader.chat_button.click()
    first = picker.model
    picker._loader.load_button.click()
    assert picker.model is first
    picker.model.unload()
    picker._loader.load_button.click()
    assert picker.model is not first
    assert picker._loader.chat_box.children == ()
    picker.choice = "gemma3_instruct_1b"
    assert picker._loader.chat_button not in primary(picker)  # Load is the next step again
    picker.model.unload()


def test_the_module_is_reached_by_its_public_name():
    assert loader_module.ModelLoader is type(gnb.Picker()._loader)


def test_old_numbers_of_a_runtime_are_called_old():
    from gemma_nb.widgets.picker.picker_view import runtime_html

    t4 = gnb.runtime("T4")
    assert "half a year" not in runtime_html(t4)
    old = dataclasses.replace(t4, as_of="2020-01-01")
    assert "2020-01-01, more than half a year ago" in runtime_html(old)
