"""Colab and Binder, as far as they can be had elsewhere: their packages, their notebooks' kernels."""

import json
import re
import shutil
import sys
import textwrap
import tomllib
from importlib.metadata import requires
from types import SimpleNamespace

import pytest
from slow_suites import ROOT, clone, interpreter, run, uv, without_compile_cache

ENGLISH = sorted((ROOT / "notebooks" / "en").glob("*.ipynb"))
#: What Colab has, from its own lists.
COLAB = ROOT / "tests" / "colab.txt"
#: What the install cell raises there, and nothing else.
RAISED = {
    name: re.search(rf"^{name}==(.*)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)[1]
    for name in ("keras", "keras-hub", "kagglesdk", "gguf", "latex2mathml")
}
#: Colab's secrets, with none in them.
NO_SECRETS = """
class SecretNotFoundError(Exception):
    pass


def get(key):
    raise SecretNotFoundError(key)
"""
ANSWER = """
import gemma_nb as gnb
gnb.load().generate("What is the capital of Japan?")
"""


class Colab:
    """A Python with Colab's packages, and a kernel of it that begins as Colab's does."""

    def __init__(self, folder):
        self.folder = folder
        run(interpreter("3.13"), "-m", "venv", folder / "env")
        self.python = folder / "env" / "bin" / "python"
        self.reset()
        site = run(self.python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
        colab = folder / site.strip() / "google" / "colab"
        colab.mkdir(parents=True)
        for name in ("__init__", "output"):  # jax asks for the second
            (colab / f"{name}.py").touch()
        (colab / "userdata.py").write_text(NO_SECRETS)
        # Colab's kernel has this module imported from the start
        startup = folder / "ipython" / "profile_default" / "startup"
        startup.mkdir(parents=True)
        (startup / "colab.py").write_text("import google.colab\n")
        kernel = folder / "share" / "kernels" / "colab" / "kernel.json"
        kernel.parent.mkdir(parents=True)
        command = [str(self.python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        spec = {"argv": command, "display_name": "Colab", "language": "python", "env": self.env()}
        kernel.write_text(json.dumps(spec))

    def env(self):
        """Colab's environment; the project's public address is this checkout."""
        source = clone(self.folder / "checkout")
        git = ("git", "-C", source, "-c", "user.name=test", "-c", "user.email=test@localhost")
        run(*git, "init", "--quiet")
        run(*git, "add", "--all")
        run(*git, "commit", "--quiet", "--message", "This checkout")
        return {
            "COLAB_RELEASE_TAG": "release-colab_20260819",
            "IPYTHONDIR": str(self.folder / "ipython"),
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.file://{source}.insteadOf",
            "GIT_CONFIG_VALUE_0": address(),
        }

    def reset(self):
        """As Colab hands it out."""
        if not uv("pip", "sync", "--python", self.python, COLAB):
            pip = (self.python, "-m", "pip", "--quiet", "--disable-pip-version-check")
            run(*pip, "uninstall", "--yes", "gemma_nb")
            run(*pip, "install", "--no-compile", "--no-deps", "--requirement", COLAB)

    def packages(self):
        told = run(self.python, "-m", "pip", "list", "--format", "json")
        return {p["name"].lower(): p["version"] for p in json.loads(told)}

    def cells(self, *sources):
        """Runs cells in one kernel; what each printed and answered."""
        import nbformat
        from nbclient import NotebookClient

        book = nbformat.v4.new_notebook()
        book.cells = [nbformat.v4.new_code_cell(s) for s in sources]
        where = {"metadata": {"path": str(self.folder)}}  # away from this checkout
        NotebookClient(book, kernel_name="colab", timeout=240, resources=where).execute()
        parts = [
            [o.get("text", "") or str(o.get("data", "")) for o in c.outputs] for c in book.cells
        ]
        return ["".join(p) for p in parts]


@pytest.fixture(scope="module")
def _colab(tmp_path_factory):
    return Colab(tmp_path_factory.mktemp("colab"))


@pytest.fixture
def colab(_colab, monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", str(_colab.folder / "share"))
    for name in ("KERAS_BACKEND", "GEMMA_NB_LANG", "PYTHONPATH", "VIRTUAL_ENV"):
        monkeypatch.delenv(name, raising=False)
    return _colab


def address():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Repository"]


def install_cell():
    import nbformat

    book = nbformat.read(ENGLISH[0], 4)
    return next(c.source for c in book.cells if c.id == "install")


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        ({}, "keras-hub keras kagglesdk gguf latex2mathml"),
        (
            {"keras-hub": "0.26.0", "keras": "3.13.2", "kagglesdk": "0.1.28", "gguf": "0.18.0"},
            "keras-hub keras gguf latex2mathml",
        ),
        (
            {
                "keras-hub": "0.33.1",
                "keras": "3.16.0.dev0",
                "kagglesdk": "0.1.37",
                "gguf": "1.0",
                "latex2mathml": "4.0",
            },
            "",
        ),
    ],
    ids=["missing", "too-old", "newer"],
)
@pytest.mark.parametrize("place", ["colab", "elsewhere"])
@pytest.mark.parametrize("ours", ["ours-missing", "ours-there"])
def test_the_install_cell_lowers_nothing(monkeypatch, capsys, there, wanted, place, ours):
    asked = []
    monkeypatch.setattr(
        "importlib.metadata.distributions",
        lambda name: [SimpleNamespace(name=n, version=v) for n, v in there.items() if n == name],
    )
    monkeypatch.setattr("importlib.util.find_spec", lambda _: ours == "ours-there" or None)
    monkeypatch.setitem(sys.modules, "keras", object())
    if place == "colab":
        monkeypatch.setitem(sys.modules, "google.colab", object())
    exec(
        install_cell().replace("%pip install -q $options", "asked(options)"),
        {"asked": asked.append},
    )
    names = [f"{n}=={RAISED[n]}" for n in wanted.split()]
    if ours == "ours-missing":
        names += [f"gemma_nb@git+{address()}"]
    options = ["--no-deps"] * (place == "colab") + names
    assert asked == ([" ".join(options)] if names else [])
    assert ("Restart" in capsys.readouterr().out) == (bool(wanted))


def differences(before, after):
    return {n: v for n, v in after.items() if before.get(n) != v}


def test_every_notebook_has_the_same_install_cell():
    import nbformat

    for path in (ROOT / "notebooks").glob("*/*.ipynb"):
        found = [c.source for c in nbformat.read(path, 4).cells if c.id == "install"]
        assert found == [install_cell()], path.name
    for name, version in RAISED.items():
        assert f"{name}=={version}" in install_cell()


@pytest.mark.slow_suite
@pytest.mark.timeout(1200)
def test_the_install_cell_says_when_a_restart_is_needed(colab):
    colab.reset()
    before = colab.packages()
    *_, told = colab.cells(
        'import os; os.environ["KERAS_BACKEND"] = "jax"; import keras', install_cell()
    )
    assert "Restart the session" in told
    assert "再起動" in told
    ours = {"gemma_nb": colab.packages()["gemma_nb"]}
    assert differences(before, colab.packages()) == {**RAISED, **ours}
    # then there is nothing left to do
    assert colab.cells(install_cell()) == [""]


@pytest.mark.slow_suite
@pytest.mark.timeout(1200)
def test_the_install_cell_raises_what_is_too_old_and_needs_no_restart(colab):
    colab.reset()
    before = colab.packages()
    assert before["ipywidgets"].startswith("7.")
    told, answer = colab.cells(install_cell(), ANSWER)
    assert "Restart the session" not in told
    assert "Tokyo" in answer
    after = colab.packages()
    assert differences(before, after) == {**RAISED, "gemma_nb": after["gemma_nb"]}
    assert set(before) < set(after)


@pytest.mark.slow_suite
@pytest.mark.timeout(1200)
def test_notebooks_run_with_colabs_packages(colab, tmp_path):
    books = [shutil.copy(p, tmp_path) for p in ENGLISH[:7]]
    told = run(
        *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", tmp_path),
        *("--nbval-lax", "--nbval-cell-timeout=120", "--nbval-kernel-name=colab", *books),
        cwd=tmp_path,
    )
    assert re.search(r"=+ \d+ passed", told), told
    print(textwrap.indent(told.splitlines()[-1], "  "))


def test_binder_has_what_the_package_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {re.match(r"[\w-]+", d)[0] for d in project["dependencies"]}
    lines = (ROOT / "binder" / "requirements.txt").read_text().split("\n")
    listed = {line for line in lines if line and not line.startswith(("#", "-"))}
    # postBuild installs keras-hub by itself; its own needs, but for TensorFlow, are listed
    ours = {re.match(r"[\w-]+", d)[0] for d in requires("keras-hub") if "extra ==" not in d}
    brought = {"absl-py", "numpy", "packaging", "tensorflow-text"}  # by keras; not wanted
    assert needed | ours == listed | {"keras-hub"} | brought


@pytest.mark.slow_suite
@pytest.mark.timeout(1200)
def test_notebooks_fit_into_binder(tmp_path):
    home = clone(tmp_path / "checkout")
    script = home / "benchmarks" / "binder.py"
    # what compiling takes of the memory is measured too
    told = run(sys.executable, script, interpreter("3.13"), env=without_compile_cache())
    peaks = dict(re.findall(r"^\| (0\d)_.*?\.ipynb \| ([\d.]+) \|", told, re.MULTILINE))
    assert [*peaks] == ["00", "01", "02", "03", "04", "05"]
    assert all(0.1 < float(p) < 1.5 for p in peaks.values()), told
    print(told)
