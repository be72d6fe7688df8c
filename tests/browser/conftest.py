"""A real browser on a real JupyterLab, over a copy of the notebooks."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        reason = "no chromium is installed: the browser tests did not run"
        if os.environ.get("GEMMA_NB_BROWSER_REQUIRED"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """The address of a JupyterLab that serves a copy of the notebooks."""
    from hosts import without_news

    folder = tmp_path_factory.mktemp("lab")
    without_news(folder / "settings")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
            *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
            *("--IdentityProvider.token=", f"--ServerApp.root_dir={folder}"),
            "--LabApp.news_url=None",
        ],
        # nothing of the user's own JupyterLab: tabs of an earlier run would come back
        env={
            **os.environ,
            "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
            "JUPYTER_CONFIG_DIR": str(folder / "config"),
        },
        stdout=(folder / "log").open("wb"),
        stderr=subprocess.STDOUT,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{address}/api").close()
                break
            except OSError:
                assert server.poll() is None, (folder / "log").read_text()
                time.sleep(0.5)
        yield address
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture
def run_all(lab):
    """Opens a notebook in a page and runs all of it from the menu."""

    def run(page, lang, name):
        page.goto(f"{lab}/lab/tree/notebooks/{lang}/{name}.ipynb?reset")
        page.locator(".jp-NotebookPanel").first.wait_for(timeout=60_000)
        # JupyterLab asks for the kernel where the link came before its list of kernels
        asked = page.locator(".jp-Dialog")
        page.add_locator_handler(asked, lambda: asked.locator(".jp-mod-accept").click())
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=60_000)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()

    return run


@pytest.fixture(
    scope="session",
    params=["jupyterlab", pytest.param("notebook6", marks=pytest.mark.slow_suite)],
)
def host(request, browser, tmp_path_factory):
    """Each notebook program in turn: JupyterLab, and in the slow suite what Colab has."""
    import hosts

    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "jupyterlab":
        made = hosts.JupyterLab(folder)
    else:
        made = hosts.Notebook6(folder, hosts.colab_python())
    with made:
        yield made
