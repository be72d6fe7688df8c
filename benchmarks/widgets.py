"""Measures the kernel time of the panels: opening each, and each kind of change.

    python benchmarks/widgets.py

Opening is measured in new processes, from ``gnb.Picker()`` on, with and without the imports. A
change is measured in processor time of the kernel, so that other work on the machine does not
count, from the message of a front end to the end of its handling, static copy included. Messages
of the kernel are not sent. Nothing is generated: the chat has the demo model with a decoder that
answers at once, and the rows of the comparison panel are not measured. The script writes
``benchmarks/widgets.md`` and fails if a limit is exceeded.
"""

# ruff: noqa: SLF001 - a front end uses controls that are not part of the Python interface
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

#: The limits: seconds for opening, milliseconds for a change.
MAX_OPEN_SECONDS, MAX_CHANGE_MS = 1.0, 100
ROUNDS = 11

#: The class of a panel -> code that runs before, and the expression that makes the panel.
PANELS = {
    "Picker": ("", "gnb.Picker()"),
    "PromptInspector": ("", "gnb.PromptInspector()"),
    "ChatPanel": ("model = gnb.load()", "gnb.ChatPanel(model)"),
    "ComparePanel": ("", "gnb.ComparePanel()"),
    "CredentialsPanel": ("", "gnb.CredentialsPanel()"),
}
#: The code of a process that measures opening: imports, then the panel.
OPEN_CODE = """
import json, sys, time
began = time.perf_counter()
import gemma_nb as gnb
gnb.{name}
imported = time.perf_counter() - began
{before}
began = time.perf_counter()
widget = {make}
widget._repr_mimebundle_()
print(json.dumps([imported, time.perf_counter() - began, "keras" in sys.modules]))
"""


class StaticDisplay:
    """Stands for a static copy in a notebook."""

    def update(self, bundle, *, raw):
        """Receives a bundle that would be sent."""


def opening(name):
    """Seconds for importing and opening, medians of several processes; whether Keras was imported."""
    before, make = PANELS[name]
    code = OPEN_CODE.format(name=name, before=before, make=make)
    runs = []
    for _ in range(ROUNDS):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(done.stderr)
        runs.append(json.loads(done.stdout.splitlines()[-1]))
    return median(r[0] for r in runs), median(r[1] for r in runs), any(r[2] for r in runs)


def choose(control, value):
    """Selects a value of a list or a row of tabs, as a front end does."""
    index = [v for _, v in option_pairs(control.options)].index(value)
    control.set_state({"index": index})


def option_pairs(options):
    """The options of a control as (label, value) pairs."""
    return [o if isinstance(o, tuple) else (o, o) for o in options]


def press(button):
    """Clicks a button, as a front end does."""
    button._handle_custom_msg({"event": "click"}, [])


def picker_changes(gnb):
    """Changes of the picker, with each of its tabs open."""
    panel = gnb.Picker()
    steps = (
        ("runtime", "L4"),
        ("family", ("Gemma", "3")),
        ("size", "27B"),
        ("precision", "int4"),
        ("max_length", 32768),
        ("batch_size", 8),
        ("tuning", "PT"),
        ("task", "code"),
        ("runtime", "T4"),
        ("family", ("T5Gemma", "1")),
        ("task", "chat"),
        ("runtime", "this"),
    )
    for tab in ("code", "elsewhere", "all"):
        yield f"tab {tab}", panel, lambda tab=tab: choose(panel._tabs.selector, tab)
        for name, value in steps:
            control = panel._lists[name]
            label = f"{name} → {value} (tab {tab})"
            yield label, panel, lambda c=control, v=value: choose(c, v)
    yield "sort", panel, lambda: choose(panel._tabs.sort_key, "needed")
    yield "sort", panel, lambda: choose(panel._tabs.sort_key, "released")
    yield "a name", panel, lambda: panel._name_field.set_state({"value": "gemma3_instruct_1b"})
    yield "nonsense", panel, lambda: panel._name_field.set_state({"value": "x" * 1000})


def inspector_changes(gnb):
    """Changes of the prompt inspector: typing, other formats, examples, a pasted prompt."""
    panel = gnb.PromptInspector()
    long = "An ordinary sentence of a student. " * 60
    editor = panel._editor

    def type_in(typed):
        editor.cards[0].parts[0].text.set_state({"value": typed})

    for typed in ("What", "What is", "What is <end_of_turn>", long):
        yield f"a key, {len(typed)} characters", panel, lambda t=typed: type_in(t)
    for name in ("gemma4_instruct_2b", "gemma3_instruct_4b", panel._variant_list.value):
        yield f"format of {name}", panel, lambda n=name: choose(panel._variant_list, n)
    for name in ("tools", "attack", "image", "question"):
        yield f"example {name}", panel, lambda n=name: choose(panel._example_list, n)
    yield "a message more", panel, lambda: press(editor.add_button)
    yield "a message less", panel, lambda: press(editor.cards[-1].remove_button)
    pasted = "<bos><start_of_turn>assistant\nHi<end_of_turn>[INST]" + long
    yield "a pasted prompt", panel, lambda: panel._checker.field.set_state({"value": pasted})
    yield "no pasted prompt", panel, lambda: panel._checker.field.set_state({"value": ""})


def chat_changes(gnb):
    """Changes of the chat panel; the decoder of its demo model answers at once."""
    model = gnb.load()
    answer = "The capital of Japan is **Tokyo**.\n\n" + "Paris, Rome, Berlin. " * 6
    ids = [int(i) for i in model.tokenizer.tokenize(answer)]
    stop = next(iter(model._stops))
    model._decoder.tokens = lambda *_, **__: iter([*ids, stop])
    panel = gnb.ChatPanel(model)
    settings, tabs = panel._settings, panel._tabs.selector
    for turn in range(1, 5):
        words = f"What is the capital of country {turn}?"
        yield (
            "typing a message",
            panel,
            lambda w=words: panel._message_field.field.set_state({"value": w}),
        )
        yield (
            f"turn {turn}, of {len(ids)} tokens",
            panel,
            lambda: press(panel._message_field.send_button),
        )
    yield "temperature", panel, lambda: settings.temperature.set_state({"value": 0.5})
    yield "system text", panel, lambda: settings.system.set_state({"value": "Be brief."})
    for tab in ("prompt", "json", "code", "settings"):
        yield f"tab {tab}", panel, lambda t=tab: choose(tabs, t)
    yield "edit", panel, lambda: press(panel._edit_button)
    yield "keep", panel, lambda: press(panel._message_field.keep_button)
    yield "new conversation", panel, lambda: press(panel._new_button)


def compare_changes(gnb):
    """Changes of the comparison panel; the rows of its run are not measured."""
    from gemma_nb.comparison import run
    from gemma_nb.comparison.measure import Measurement
    from gemma_nb.comparison.rows import ComparisonRow, ScoredReply

    def measured(self, _):
        """Makes a row without measuring it."""
        for step in ("load", "first", "speed", "answer"):
            self._begin(step)
        said = tuple(ScoredReply("Tokyo", 3, False, False) for _ in self._task.prompts)
        done = {"status": "done", "tokens_per_second": 100.0, "outputs": said}
        return ComparisonRow(**{**self._values, **done})

    Measurement.run = measured
    run.prepare_backend = lambda: None
    os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp()  # where a comparison keeps its rows
    panel = gnb.ComparePanel()
    candidates = panel._candidates
    names = [v for _, v in option_pairs(candidates.variant.options)]
    for number, name in enumerate((names[len(names) // 2], names[-1], names[0])):
        yield "a variant in the list", panel, lambda n=name: choose(candidates.variant, n)
        if number < 2:
            yield "add", panel, lambda: press(candidates.add_button)
    yield "remove", panel, lambda: press(candidates._rows[4].remove_button)
    yield "remove", panel, lambda: press(candidates._rows[3].remove_button)
    length = panel._form.numbers["max_length"]
    yield "max_length", panel, lambda: choose(length, 4096)
    yield "max_length", panel, lambda: choose(length, 2048)
    yield "nonsense", panel, lambda: candidates.name_field.set_state({"value": "x" * 1000})
    yield "no nonsense", panel, lambda: candidates.name_field.set_state({"value": ""})
    panel.run()
    for tab in ("plots", "how", "save", "replies"):
        yield f"tab {tab}", panel, lambda t=tab: choose(panel._results.selector, t)


def credentials_changes(gnb):
    """Changes of the credentials panel."""
    panel = gnb.CredentialsPanel()
    field, forget = panel._fields["huggingface"], panel._forget_buttons["huggingface"]
    token = "hf_" + "NobodysToken" * 3
    yield "a login", panel, lambda: field.set_state({"value": token})
    yield "nonsense", panel, lambda: field.set_state({"value": "nonsense"})
    yield "forget", panel, lambda: press(forget)


#: The class of a panel -> a generator of its changes: names, the panel, and functions that do them.
CHANGES = {
    "Picker": picker_changes,
    "PromptInspector": inspector_changes,
    "ChatPanel": chat_changes,
    "ComparePanel": compare_changes,
    "CredentialsPanel": credentials_changes,
}


def change_times(name):
    """The kinds of change of a panel, each with its milliseconds in all rounds."""
    import gemma_nb as gnb

    taken = {}
    steps = list(CHANGES[name](gnb))
    steps[0][1]._static_displays.append(StaticDisplay())
    for _ in range(ROUNDS):
        for label, _, change in steps:
            began = time.process_time()
            change()
            taken.setdefault(label, []).append(1000 * (time.process_time() - began))
    return taken


def main():
    """Measures all panels, and writes the table."""
    from importlib.metadata import version

    from gemma_nb.hardware.detect import detect_runtime

    here = detect_runtime()
    cpu = next((f.value for f in here.facts if f.name == "processors"), "?")
    packages = ", ".join(f"{n} {version(n)}" for n in ("ipywidgets", "IPython", "ipykernel"))
    lines = [
        "# What the widgets take of the kernel's time",
        "",
        f"Measured {time.strftime('%Y-%m-%d')} by `python benchmarks/widgets.py` on {here.name} with",
        f"{cpu} processors, which other work shared, Python {platform.python_version()}, {packages}; medians",
        f"of {ROUNDS} rounds. The aims are under {MAX_OPEN_SECONDS:g} s for opening and under {MAX_CHANGE_MS} ms for a change.",
        "A change is the kernel's processor time, opening is by the clock. Nothing is loaded or generated",
        "in these times: the chat has the demo model with a decoder that answers at once, the comparison",
        "panel rows that are not measured.",
        "",
        "| widget | importing | opening | keras imported by then | a change, all kinds | the slowest kind |",
        "|---|---|---|---|---|---|",
    ]
    missed = []
    for name in PANELS:
        imported, opened, keras = opening(name)
        taken = change_times(name)
        every = median(ms for times in taken.values() for ms in times)
        slowest = max(taken, key=lambda kind: median(taken[kind]))
        worst = median(taken[slowest])
        lines.append(
            f"| `{name}` | {imported:.2f} s | {opened:.2f} s | {'yes' if keras else 'no'} "
            f"| {every:.0f} ms | {worst:.0f} ms ({slowest}) |"
        )
        print(lines[-1], flush=True)
        if opened >= MAX_OPEN_SECONDS or worst >= MAX_CHANGE_MS or (keras and name != "ChatPanel"):
            missed.append(name)
    text = "\n".join(lines) + "\n"
    print(text)
    Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")
    if missed:
        raise SystemExit(f"a limit is exceeded: {', '.join(missed)}")


if __name__ == "__main__":
    main()
