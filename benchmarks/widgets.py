"""Measures the widgets' kernel time: opening each, and each kind of change.

    python benchmarks/widgets.py

Opening is measured in processes of their own, from ``gnb.Picker()`` on (with and without the
imports), a change from the message that a front end sends to the end of its handling, static copy
included, in the kernel's processor time: other work on the machine does not count. Messages go
nowhere. Nothing is generated: the chat has the demo model with a decoder
that answers at once, the comparing panel rows that are not measured. Writes
``benchmarks/widgets.md``, and fails where an aim is missed.
"""

# ruff: noqa: SLF001 - what a front end does reaches controls that are no part of the interface
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

#: The aims: seconds of opening, milliseconds of a change.
OPENS_IN, CHANGES_IN = 1.0, 100
ROUNDS = 11

#: The widgets: what is there before, and how each is made.
WIDGETS = {
    "Picker": ("", "gnb.Picker()"),
    "PromptInspector": ("", "gnb.PromptInspector()"),
    "ChatPanel": ("model = gnb.load()", "gnb.ChatPanel(model)"),
    "ComparePanel": ("", "gnb.ComparePanel()"),
    "CredentialsPanel": ("", "gnb.CredentialsPanel()"),
}
#: What an opening takes, in a process of its own: imports, then the widget.
OPEN = """
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


class Copy:
    """A static copy, as if it stood in a notebook."""

    def update(self, bundle, *, raw):
        """Takes what would be sent."""


def opening(name):
    """Importing and opening in seconds, medians of several processes; whether keras came along."""
    before, make = WIDGETS[name]
    code = OPEN.format(name=name, before=before, make=make)
    runs = []
    for _ in range(ROUNDS):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(done.stderr)
        runs.append(json.loads(done.stdout.splitlines()[-1]))
    return median(r[0] for r in runs), median(r[1] for r in runs), any(r[2] for r in runs)


def chosen(control, value):
    """What a front end sends when a value is chosen from a list or a row of tabs."""
    index = [v for _, v in labelled(control.options)].index(value)
    control.set_state({"index": index})


def labelled(options):
    """A list's (label, value) pairs, however they were given."""
    return [o if isinstance(o, tuple) else (o, o) for o in options]


def pressed(button):
    """What a front end sends when a button is pressed."""
    button._handle_custom_msg({"event": "click"}, [])


def picker(gnb):
    """The picker, with each of its tabs open."""
    made = gnb.Picker()
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
        yield f"tab {tab}", made, lambda tab=tab: chosen(made._tabs.tabs, tab)
        for name, value in steps:
            control = made._controls[name]
            label = f"{name} → {value} (tab {tab})"
            yield label, made, lambda c=control, v=value: chosen(c, v)
    yield "sort", made, lambda: chosen(made._tabs.sort, "needed")
    yield "sort", made, lambda: chosen(made._tabs.sort, "released")
    yield "a name", made, lambda: made._name.set_state({"value": "gemma3_instruct_1b"})
    yield "nonsense", made, lambda: made._name.set_state({"value": "x" * 1000})


def inspector(gnb):
    """The inspector: typing, other formats, examples, a pasted prompt."""
    made = gnb.PromptInspector()
    long = "An ordinary sentence of a student. " * 60
    editor = made._editor

    def type_in(typed):
        editor._rows[0]._parts[0][1].set_state({"value": typed})

    for typed in ("What", "What is", "What is <end_of_turn>", long):
        yield f"a key, {len(typed)} characters", made, lambda t=typed: type_in(t)
    for name in ("gemma4_instruct_2b", "gemma3_instruct_4b", made._variant.value):
        yield f"format of {name}", made, lambda n=name: chosen(made._variant, n)
    for name in ("tools", "attack", "image", "question"):
        yield f"example {name}", made, lambda n=name: chosen(made._example, n)
    yield "a message more", made, lambda: pressed(editor.add)
    yield "a message less", made, lambda: pressed(editor._rows[-1]._remove)
    pasted = "<bos><start_of_turn>assistant\nHi<end_of_turn>[INST]" + long
    yield "a pasted prompt", made, lambda: made._own.field.set_state({"value": pasted})
    yield "no pasted prompt", made, lambda: made._own.field.set_state({"value": ""})


def chat(gnb):
    """The chat with the demo model, whose decoder answers at once."""
    model = gnb.load()
    answer = "The capital of Japan is **Tokyo**.\n\n" + "Paris, Rome, Berlin. " * 6
    ids = [int(i) for i in model.tokenizer.tokenize(answer)]
    stop = next(iter(model._stops))
    model._decoder.tokens = lambda *_, **__: iter([*ids, stop])
    made = gnb.ChatPanel(model)
    settings, tabs = made._settings, made._tabs.tabs
    for turn in range(1, 5):
        words = f"What is the capital of country {turn}?"
        yield "typing a message", made, lambda w=words: made._input.field.set_state({"value": w})
        yield f"turn {turn}, of {len(ids)} tokens", made, lambda: pressed(made._input.send)
    yield "temperature", made, lambda: settings.temperature.set_state({"value": 0.5})
    yield "system text", made, lambda: settings.system.set_state({"value": "Be brief."})
    for tab in ("prompt", "json", "code", "settings"):
        yield f"tab {tab}", made, lambda t=tab: chosen(tabs, t)
    yield "edit", made, lambda: pressed(made._edit)
    yield "keep", made, lambda: pressed(made._input._keep)
    yield "new conversation", made, lambda: pressed(made._new)


def compare(gnb):
    """The comparing panel; a run's rows come from a list."""
    from gemma_nb.comparison import run
    from gemma_nb.comparison.measure import Measurement
    from gemma_nb.comparison.rows import ComparisonRow, ScoredReply

    def measured(self, _):
        """A row without measuring."""
        for step in ("load", "first", "speed", "answer"):
            self._begin(step)
        said = tuple(ScoredReply("Tokyo", 3, False, False) for _ in self._task.prompts)
        done = {"status": "done", "tokens_per_second": 100.0, "outputs": said}
        return ComparisonRow(**{**self._values, **done})

    Measurement.run = measured
    run.prepare_backend = lambda: None
    os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp()  # a comparison keeps its rows there
    made = gnb.ComparePanel()
    choices, fields = made._choices, made._fields
    names = [v for _, v in labelled(choices.variant.options)]
    for number, name in enumerate((names[len(names) // 2], names[-1], names[0])):
        yield "a variant in the list", made, lambda n=name: chosen(choices.variant, n)
        if number < 2:
            yield "add", made, lambda: pressed(choices.add)
    yield "remove", made, lambda: pressed(choices._slots[4][2])
    yield "remove", made, lambda: pressed(choices._slots[3][2])
    length = fields.numbers["max_length"]
    yield "max_length", made, lambda: chosen(length, 4096)
    yield "max_length", made, lambda: chosen(length, 2048)
    yield "nonsense", made, lambda: choices.name.set_state({"value": "x" * 1000})
    yield "no nonsense", made, lambda: choices.name.set_state({"value": ""})
    made.run()
    for tab in ("plots", "how", "save", "replies"):
        yield f"tab {tab}", made, lambda t=tab: chosen(made._results.tabs, t)


def credentials(gnb):
    """The panel of logins."""
    made = gnb.CredentialsPanel()
    field, forget = made._fields["huggingface"], made._forget["huggingface"]
    token = "hf_" + "NobodysToken" * 3
    yield "a login", made, lambda: field.set_state({"value": token})
    yield "nonsense", made, lambda: field.set_state({"value": "nonsense"})
    yield "forget", made, lambda: pressed(forget)


MAKERS = {
    "Picker": picker,
    "PromptInspector": inspector,
    "ChatPanel": chat,
    "ComparePanel": compare,
    "CredentialsPanel": credentials,
}


def changes(name):
    """Milliseconds of each kind of change of a widget, over all rounds."""
    import gemma_nb as gnb

    taken = {}
    steps = list(MAKERS[name](gnb))
    steps[0][1]._copies.append(Copy())
    for _ in range(ROUNDS):
        for label, _, change in steps:
            began = time.process_time()
            change()
            taken.setdefault(label, []).append(1000 * (time.process_time() - began))
    return taken


def main():
    """Measures, and writes the table."""
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
        f"of {ROUNDS} rounds. The aims are under {OPENS_IN:g} s for opening and under {CHANGES_IN} ms for a change.",
        "A change is the kernel's processor time, opening is by the clock. Nothing is loaded or generated",
        "in these times: the chat has the demo model with a decoder that answers at once, the comparing",
        "panel rows that are not measured.",
        "",
        "| widget | importing | opening | keras imported by then | a change, all kinds | the slowest kind |",
        "|---|---|---|---|---|---|",
    ]
    missed = []
    for name in WIDGETS:
        imported, opened, keras = opening(name)
        taken = changes(name)
        every = median(ms for times in taken.values() for ms in times)
        slowest = max(taken, key=lambda kind: median(taken[kind]))
        worst = median(taken[slowest])
        lines.append(
            f"| `{name}` | {imported:.2f} s | {opened:.2f} s | {'yes' if keras else 'no'} "
            f"| {every:.0f} ms | {worst:.0f} ms ({slowest}) |"
        )
        print(lines[-1], flush=True)
        if opened >= OPENS_IN or worst >= CHANGES_IN or (keras and name != "ChatPanel"):
            missed.append(name)
    text = "\n".join(lines) + "\n"
    print(text)
    Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")
    if missed:
        raise SystemExit(f"missed an aim: {', '.join(missed)}")


if __name__ == "__main__":
    main()
