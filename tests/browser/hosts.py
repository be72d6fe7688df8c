"""Two notebook programs behind one driver: the same steps run on both.

``JupyterLab`` is host A (JupyterLab 4, ipywidgets 8), ``Notebook6`` host B, which has what Colab
has (Notebook 6.5, ipywidgets 7.7.1, IPython 7.34, ipykernel 6.17.1 on Python 3.13).
"""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import TimeoutError as NotInTime
from slow_suites import environment

ROOT = Path(__file__).resolve().parents[2]
#: What stands before a cell that runs or has run.
BEGUN = re.compile(r"\[(\d+|\*)\]")
#: What host B consists of, pinned.
COLAB = Path(__file__).with_name("colab_requirements.txt")


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def without_news(settings):
    """JupyterLab with these settings asks no question about news over the page.

    Args:
        settings: its folder of the user's settings, which this makes.
    """
    quiet = settings / "@jupyterlab" / "apputils-extension"
    quiet.mkdir(parents=True)
    (quiet / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')


def notebook(cells):
    """A notebook of code cells."""
    return {
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{i}",
                "metadata": {},
                "execution_count": None,
                "outputs": [],
                "source": source,
            }
            for i, source in enumerate(cells)
        ],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


class Host:
    """A server over a folder of its own; a context manager."""

    name = ""
    #: CSS: one cell; the part of a cell that shows outputs.
    cell = ""
    outputs = ""
    #: CSS inside a cell: where its code is, and its number.
    editor = ""
    prompt = ""
    #: JavaScript that runs all cells; it does not wait for their end, so that a page can be watched.
    run_all = ""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.files = self.folder / "files"
        self.files.mkdir(parents=True)
        self.address = f"http://127.0.0.1:{free_port()}"

    def command(self, port):
        raise NotImplementedError

    def __enter__(self):
        # nothing of the user's own Jupyter: tabs of an earlier run would come back
        own = ("SETTINGS_DIR", "WORKSPACES_DIR")
        env = {
            **os.environ,
            **{f"JUPYTERLAB_{n}": str(self.folder / n.lower()) for n in own},
            "JUPYTER_CONFIG_DIR": str(self.folder / "config"),
            "JUPYTER_DATA_DIR": str(self.folder / "data"),
            "IPYTHONDIR": str(self.folder / "ipython"),
            "PYTHONPATH": str(ROOT),
            "GEMMA_NB_LANG": "en",
        }
        env.pop("VIRTUAL_ENV", None)
        port = self.address.rpartition(":")[2]
        with (self.folder / "log").open("wb") as log:
            self.server = subprocess.Popen(
                [*map(str, self.command(port))], env=env, stdout=log, stderr=subprocess.STDOUT
            )
        for _ in range(240):
            if self._answers():
                return self
            assert self.server.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.5)
        raise AssertionError((self.folder / "log").read_text())

    def _answers(self):
        try:
            urllib.request.urlopen(f"{self.address}/api").close()
        except OSError:
            return False
        return True

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait(30)

    def write(self, name, cells):
        (self.files / f"{name}.ipynb").write_text(json.dumps(notebook(cells)), encoding="utf-8")

    def saved(self, name):
        """The notebook as it lies on the disk."""
        return json.loads((self.files / f"{name}.ipynb").read_text(encoding="utf-8"))

    def stop_kernels(self):
        """Ends every kernel, as closing the laptop does."""
        found = json.load(urllib.request.urlopen(f"{self.address}/api/sessions"))
        for session in found:
            gone = urllib.request.Request(
                f"{self.address}/api/sessions/{session['id']}", method="DELETE"
            )
            urllib.request.urlopen(gone).close()

    def interrupt(self):
        """The kernels' own stop, as the program's button sends it."""
        for session in json.load(urllib.request.urlopen(f"{self.address}/api/sessions")):
            place = f"{self.address}/api/kernels/{session['kernel']['id']}/interrupt"
            urllib.request.urlopen(urllib.request.Request(place, method="POST")).close()

    def run(self, book):
        """Runs all cells; returns once the first has begun."""
        begun = book.page.locator(self.cell).first.locator(self.prompt, has_text=BEGUN)
        for _ in range(20):
            book.page.evaluate(self.run_all)
            try:
                return begun.first.wait_for(timeout=5000)
            except NotInTime:  # the page was not ready for it yet
                continue
        raise AssertionError("the cells did not run")

    def book(self, browser, name, cells, **page):
        """Opens a notebook of these cells in a page of its own and waits for its kernel."""
        self.write(name, cells)
        book = Book(self, browser.new_page(**{"viewport": {"width": 1200, "height": 1400}, **page}))
        book.name = name
        self.open(book)
        return book


class Book:
    """An open notebook."""

    def __init__(self, host, page):
        self.host, self.page = host, page
        self.restarted = False
        self.problems = []
        self.logs = []
        page.on("console", lambda message: self.logs.append(message.text[:300]))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("dialog", self._asked)

    def _asked(self, dialog):
        """The page may ask whether to leave it; any other dialog is one too many."""
        if dialog.type == "beforeunload":
            dialog.accept()
        else:
            self.problems.append(dialog.message)
            dialog.dismiss()

    def run(self):
        """Runs all cells."""
        self.host.run(self)

    def shown(self, inside, cell=0):
        """Waits until a part of a cell's widget is seen; says what there is instead where not."""
        try:
            self.widget(cell).locator(inside).first.wait_for(timeout=90_000)
        except NotInTime:
            there = self.page.locator(self.host.cell).nth(cell).inner_html()[:3000]
            log = (self.host.folder / "log").read_text()[-2000:]
            raise AssertionError("\n".join([there, *self.logs[-20:], log])) from None

    def run_cell(self, cell):
        """Runs one cell, by keyboard; returns once it has run."""
        found = self.page.locator(self.host.cell).nth(cell)
        shown = found.locator(self.host.prompt).first.inner_text()
        # after a restart the numbers begin anew, and the same one may come again
        earlier = None if self.restarted else re.search(r"\[(\d+)\]", shown)
        found.locator(self.host.editor).first.click()
        self.page.keyboard.press("Control+Enter")
        ran = re.compile(rf"\[(?!{earlier[1]}\])\d+\]" if earlier else r"\[\d+\]")
        found.locator(self.host.prompt, has_text=ran).first.wait_for(timeout=180_000)

    def printed(self, cell):
        """What a cell that has run printed; it may come after the cell's number."""
        out = self.out(cell)
        out.filter(has_text=re.compile(r"\S")).wait_for(timeout=30_000)
        return out.inner_text().strip()

    def faults(self):
        """What axe-core finds serious or critical in this project's own part of the page."""
        from axe_playwright_python.base import AXE_FILE_PATH

        self.page.evaluate(AXE_FILE_PATH.read_text(encoding="utf-8"))
        found = self.page.evaluate("() => axe.run('.gnb', {resultTypes: ['violations']})")
        return [
            (fault["id"], node["html"][:300], node["failureSummary"])
            for fault in found["violations"]
            if fault["impact"] in ("serious", "critical")
            for node in fault["nodes"]
        ]

    def picture(self, name, cell=0):
        """Keeps a picture of a widget where GEMMA_NB_PICTURES says, on host A only."""
        folder = os.environ.get("GEMMA_NB_PICTURES")
        if folder and self.host.name == "jupyterlab":
            self.page.mouse.move(0, 0)  # nothing looks as if it were pointed at
            self.widget(cell).screenshot(path=f"{folder}/{name}.png")

    def picture_of_outputs(self, name, cell=0):
        """As ``picture``, of all outputs of a cell."""
        folder = os.environ.get("GEMMA_NB_PICTURES")
        if folder and self.host.name == "jupyterlab":
            self.out(cell).screenshot(path=f"{folder}/{name}.png")

    def overflow(self, cell=0):
        """By how many pixels a widget, or anything in it that does not scroll, is too wide."""
        return self.widget(cell).evaluate(
            """root => {
                const inside = e => e.closest('.gnb-scroll, .gnb-code, .gnb-unseen, select, svg');
                const edge = root.getBoundingClientRect().right;
                const all = [...root.querySelectorAll('*')].filter(e => !inside(e) && e.offsetWidth);
                return Math.max(root.scrollWidth - root.clientWidth,
                                ...all.map(e => e.getBoundingClientRect().right - edge))}"""
        )

    def restart(self):
        """Restarts the kernel as the program's menu does; returns when it is idle again."""
        self.host.restart(self)
        self.restarted = True
        self.host.idle(self)

    def empty_rows(self, cell=0):
        """The boxes of a widget that take room on the page and show nothing."""
        return self.widget(cell).evaluate(
            """root => [...root.querySelectorAll('.widget-box, .widget-html, .jupyter-widgets')]
                .filter(e => e.offsetHeight > 2 && !e.innerText.trim() && !e.closest('.gnb-unseen')
                    && !e.querySelector('input, select, textarea, button, img, svg, .gnb-bar')
                    && !e.matches('input, select, textarea, button'))
                .map(e => e.outerHTML.slice(0, 200))"""
        )

    def fits_narrow_pages(self):
        """Makes the page 600 and then 360 pixels wide: nothing of the widget is too wide."""
        for width in (600, 360):
            self.page.set_viewport_size({"width": width, "height": 1500})
            self.page.wait_for_timeout(500)
            assert self.overflow() <= 1, width

    def out(self, cell=0):
        """Where a cell's outputs are."""
        return self.page.locator(self.host.cell).nth(cell).locator(self.host.outputs)

    def widget(self, cell=0):
        """The live widget in a cell's output."""
        return self.out(cell).locator(".gnb:not(.gnb-copy)").first

    def copy(self, cell=0):
        """The static copy in a cell's output."""
        return self.out(cell).locator(".gnb-copy").first

    def save_with_state(self):
        """Saves the notebook with the state of its widgets in it; returns it as it was saved."""
        self.host.save_with_state(self)
        for _ in range(100):
            saved = self.host.saved(self.name)
            if saved["metadata"].get("widgets"):
                return saved
            self.page.wait_for_timeout(100)
        raise AssertionError("the state of the widgets was not saved")

    def reopen(self, says, cell=0):
        """Saves the notebook, ends its kernel and opens it again.

        Args:
            says: what the static copy says before it is saved.
            cell: whose widget.

        Returns:
            The notebook as it was saved. The static copy is seen, the live widget is not.
        """
        self.copy(cell).filter(has_text=says).wait_for(state="attached", timeout=30_000)
        self.host.save(self)
        saved = self.host.saved(self.name)
        outputs = saved["cells"][cell]["outputs"]
        kinds = [sorted(o["data"]) for o in outputs if "data" in o]
        static = ["text/html", "text/plain"]
        expected = [["application/vnd.jupyter.widget-view+json", *static], static]
        assert kinds == expected, outputs
        self.host.stop_kernels()
        self.host.open(self)
        self.copy(cell).filter(has_text=says).wait_for(timeout=60_000)
        assert not self.widget(cell).is_visible()
        return saved

    def dark(self):
        self.host.dark(self)

    def close(self):
        self.page.close()
        self.host.stop_kernels()


class JupyterLab(Host):
    name = "jupyterlab"
    cell = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-CodeCell"
    outputs = ".jp-Cell-outputArea"
    editor = ".cm-content"
    prompt = ".jp-InputPrompt"

    def command(self, port):
        without_news(self.folder / "settings_dir")
        return (
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
            *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
            *("--IdentityProvider.token=", f"--ServerApp.root_dir={self.files}"),
            *("--LabApp.news_url=None", "--LabApp.expose_app_in_browser=True"),
            "--ServerApp.disable_check_xsrf=True",
        )

    def open(self, book):
        page = book.page
        page.goto(f"{self.address}/lab/tree/{book.name}.ipynb?reset")
        page.locator(".jp-NotebookPanel").first.wait_for(timeout=60_000)
        asked = page.locator(".jp-Dialog")
        page.add_locator_handler(asked, lambda: asked.locator(".jp-mod-accept").click())
        self.idle(book)
        page.evaluate("jupyterapp.restored.then(() => jupyterapp.shell.collapseLeft())")
        # the theme is the server's: a page before this one may have changed it
        self._do(book, "apputils:change-theme", theme="JupyterLab Light")

    def idle(self, book):
        """Waits until the kernel has nothing to do, and the program has moved its focus."""
        book.page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=90_000)

    def _do(self, book, command, **args):
        """Runs a command to its end."""
        run = "async ([c, a]) => {await jupyterapp.commands.execute(c, a)}"
        book.page.evaluate(run, [command, args])

    run_all = "() => {jupyterapp.commands.execute('notebook:run-all-cells')}"

    def restart(self, book):
        # what the menu's command does, without its question
        kernel = "jupyterapp.shell.currentWidget.sessionContext.session.kernel"
        book.page.evaluate(f"async () => {{await {kernel}.restart()}}")

    def save(self, book):
        self._do(book, "docmanager:save")

    def save_with_state(self, book):
        state = "@jupyter-widgets/jupyterlab-manager:saveWidgetState"  # on, and off again
        self._do(book, state)
        self.save(book)
        self._do(book, state)

    def dark(self, book):
        self._do(book, "apputils:change-theme", theme="JupyterLab Dark")
        book.page.locator("body[data-jp-theme-light='false']").wait_for(state="attached")


class Notebook6(Host):
    name = "notebook6"
    cell = "#notebook .code_cell"
    outputs = ".output_wrapper"
    editor = ".CodeMirror-lines"
    prompt = ".input_prompt"

    def __init__(self, folder, python):
        super().__init__(folder)
        self.python = python

    def command(self, port):
        return (
            *(self.python, "-m", "notebook", "--no-browser", "--allow-root"),
            *(f"--NotebookApp.port={port}", "--NotebookApp.port_retries=0"),
            *(
                "--NotebookApp.token=",
                "--NotebookApp.password=",
                "--NotebookApp.disable_check_xsrf=True",
            ),
            f"--NotebookApp.notebook_dir={self.files}",
        )

    def open(self, book):
        page = book.page
        page.goto(f"{self.address}/notebooks/{book.name}.ipynb")
        ready = "window.Jupyter && Jupyter.notebook && Jupyter.notebook._fully_loaded"
        # what a widget says before its extension is there is lost
        idle = " && Jupyter.notebook.kernel && Jupyter.notebook.kernel.is_connected()"
        idle += " && Boolean(Jupyter.notebook.kernel.widget_manager)"
        page.wait_for_function(ready + idle, timeout=90_000)
        # A new widget manager asks the kernel for widgets and then draws every output anew; a
        # live widget that is there by then is removed and, its model's id wiped with it, not
        # drawn again. To ask the same is to be answered after it.
        page.evaluate("() => Jupyter.notebook.kernel.widget_manager._loadFromKernel()")
        self.idle(book)

    def idle(self, book):
        book.page.locator("#kernel_indicator_icon.kernel_idle_icon").wait_for(timeout=90_000)

    run_all = "() => {Jupyter.notebook.execute_all_cells()}"

    def restart(self, book):
        book.page.evaluate(
            "() => new Promise(done => Jupyter.notebook.kernel.restart(() => done()))"
        )

    def save(self, book):
        book.page.evaluate("async () => {await Jupyter.notebook.save_notebook()}")

    def save_with_state(self, book):
        book.page.evaluate("() => {Jupyter.actions.call('widgets:save-with-widgets')}")

    def dark(self, book):
        # Notebook 6 has no dark theme: its page is made to look as Colab's dark one does
        book.page.evaluate(
            "() => {document.documentElement.setAttribute('theme', 'dark');"
            "document.body.style.background = '#1e1e1e'}"
        )


def colab_python():
    """The Python of host B's own environment; without Python 3.13, its slow suite is skipped."""
    # no dependencies: keras-hub asks for TensorFlow, which text generation does not need
    return environment("3.13", COLAB)
