"""Measures the picker's kernel time: opening it, and each kind of change.

    python benchmarks/widgets.py

Opening is measured in processes of their own, from ``gnb.Picker()`` on (with and without the
imports), a change from the message that a front end sends to the end of its handling, static copy
included; messages go nowhere. Writes ``benchmarks/widgets.md``.
"""

import json
import platform
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

#: What an opening takes, in a process of its own: imports, then the widget.
OPEN = """
import json, time
began = time.perf_counter()
import gemma_nb as gnb
gnb.Picker
imported = time.perf_counter()
picker = gnb.Picker()
picker._repr_mimebundle_()
print(json.dumps([imported - began, time.perf_counter() - imported]))
"""
#: One change after another: a list and the value that is chosen from it.
CHANGES = (
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
ROUNDS = 11


def opening():
    """Seconds of importing and of opening, each the median of several processes."""
    runs = []
    for _ in range(ROUNDS):
        done = subprocess.run(
            [sys.executable, "-c", OPEN], capture_output=True, text=True, check=True
        )
        runs.append(json.loads(done.stdout))
    return [median(run[i] for run in runs) for i in (0, 1)]


def changes(tab):
    """Milliseconds of each change, over all rounds, with one of the tabs open."""
    import gemma_nb as gnb

    class Copy:  # as if it stood in a notebook
        def update(self, bundle, *, raw):
            pass

    picker = gnb.Picker()
    picker._tabs.tabs.value = tab  # noqa: SLF001
    picker._copies.append(Copy())  # noqa: SLF001
    taken = {}
    for _ in range(ROUNDS):
        for name, value in CHANGES:
            control = picker._controls[name]  # noqa: SLF001
            index = [v for _, v in control.options].index(value)
            began = time.perf_counter()
            control.set_state({"index": index})
            milliseconds = 1000 * (time.perf_counter() - began)
            taken.setdefault(f"{name} → {value}", []).append(milliseconds)
    return taken


def main():
    """Measures, and writes the table."""
    from importlib.metadata import version

    from gemma_nb.hardware import detect_runtime

    imports, opened = opening()
    tabs = {tab: changes(tab) for tab in ("code", "elsewhere", "all")}
    here = detect_runtime()
    cpu = next((f.value for f in here.facts if f.name == "processors"), "?")
    packages = ", ".join(f"{n} {version(n)}" for n in ("ipywidgets", "IPython", "ipykernel"))
    lines = [
        "# What the picker takes of the kernel's time",
        "",
        f"Measured {time.strftime('%Y-%m-%d')} by `benchmarks/widgets.py` on {here.name} with {cpu}",
        f"processors, which other work shared, Python {platform.python_version()}, {packages}; the",
        f"median of {ROUNDS} rounds. The aims are under 1 s for opening and under 100 ms for a change.",
        "",
        "| what | median |",
        "|---|---|",
        f"| importing it | {imports:.2f} s |",
        f"| opening it (`gnb.Picker()`, with its static copy) | {opened:.2f} s |",
    ]
    for tab, taken in tabs.items():
        every = [ms for times in taken.values() for ms in times]
        lines.append(f"| a change with the tab {tab} open, all kinds | {median(every):.0f} ms |")
        slowest = max(taken, key=lambda kind: median(taken[kind]))
        told = f"the slowest kind ({slowest})".replace("|", "\\|")
        lines.append(f"| – {told} | {median(taken[slowest]):.0f} ms |")
    text = "\n".join(lines) + "\n"
    print(text)
    Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
