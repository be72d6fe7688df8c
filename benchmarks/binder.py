"""Measures what the notebooks take of Binder's memory.

    python benchmarks/binder.py [PYTHON]

Builds the environment from ``binder/`` alone, as repo2docker does: the repository's files in a
folder of their own, which is where ``pip install -r binder/requirements.txt`` and then
``binder/postBuild`` run. Of what Binder adds only the kernel is there. Each notebook is run in it
from top to bottom; its peak is the kernel's (VmHWM, which Linux counts). PYTHON has the version
that ``binder/runtime.txt`` names. Writes ``benchmarks/binder.md``, and fails where a peak lies
above the bound or a notebook leaves a process of its own running.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks" / "en").glob("0[0-5]_*.ipynb"))
#: Bytes. Binder's machines have 2 GB, of which JupyterLab's server takes its share.
BOUND = 1_500_000_000
HEAD = """# Binder: the peak memory of each notebook's kernel

Measured {date} by `benchmarks/binder.py`, which says how, on {processor} with {cpus} processors,
which other work shared; Python {python}, {packages}. The bound is {bound:.1f} GB (10⁹ bytes). The environment takes
{disk:.2f} GB on disk: TensorFlow, which keras-hub asks for, is left out (with it, on 2026-11-22, the peaks were 1.22 to
1.48 GB, and the environment about 3 GB).

| notebook | peak, GB | seconds |
|---|--:|--:|
"""
VERSIONS = """
import platform
from importlib.metadata import version
names = ("jax", "keras", "keras-hub", "ipykernel")
print(platform.python_version(), ", ".join(f"{n} {version(n)}" for n in names), sep="|", end="")
"""


def build(folder: Path, python: str) -> Path:
    """Makes the environment; its Python."""
    home = folder / "home"
    ignored = shutil.ignore_patterns(".*", "*.egg-info", "build", "node_modules")
    shutil.copytree(ROOT, home, ignore=ignored)
    subprocess.run([python, "-m", "venv", folder / "env"], check=True)
    own = folder / "env" / "bin"
    env = {**os.environ, "PATH": f"{own}:{os.environ['PATH']}", "PIP_QUIET": "1"}
    install = (own / "pip", "install", "--no-compile", "-r")
    # Binder's own part: a kernel
    (folder / "kernel.txt").write_text(f"-c {home}/requirements.txt\nipykernel\n")
    for command in (
        (*install, folder / "kernel.txt"),
        (*install, "binder/requirements.txt"),
        ("./binder/postBuild",),
    ):
        subprocess.run([*map(str, command)], cwd=home, env=env, check=True)
    return own / "python"


def kernel(folder: Path, python: Path) -> None:
    """Makes the kernel known under the name "binder"."""
    spec = {
        "argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Binder",
        "language": "python",
        "env": {"BINDER_SERVICE_HOST": "localhost"},
    }
    place = folder / "share" / "kernels" / "binder"
    place.mkdir(parents=True)
    (place / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    os.environ["JUPYTER_PATH"] = str(folder / "share")
    for name in ("KERAS_BACKEND", "GEMMA_NB_LANG", "PYTHONPATH"):
        os.environ.pop(name, None)


def measure(notebook: Path) -> tuple[int, float]:
    """The peak memory of a notebook's kernel, bytes, and the seconds it took."""
    book = nbformat.read(notebook, 4)
    where = {"metadata": {"path": str(notebook.parent)}}
    client = NotebookClient(book, kernel_name="binder", timeout=240, resources=where)
    began = time.perf_counter()
    with client.setup_kernel():
        process = Path("/proc") / str(client.km.provisioner.process.pid)
        for i, cell in enumerate(book.cells):
            client.execute_cell(cell, i)
            children = [p.read_text() for p in process.glob("task/*/children")]
            if "".join(children).strip():
                raise SystemExit(f"{notebook.name}: cell {cell.id} left a process running")
        seconds = time.perf_counter() - began
        lines = (process / "status").read_text().splitlines()
    peak = next(line for line in lines if line.startswith("VmHWM:"))
    return int(peak.split()[1]) * 1024, seconds


def on_disk(folder: Path) -> int:
    return sum(p.lstat().st_size for p in folder.rglob("*"))


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [x.partition(":")[2].strip() for x in lines if x.startswith("model name")]
    return names[0] if names else platform.machine()


def main() -> int:
    """Builds, measures, writes and prints the table."""
    python = sys.argv[1] if len(sys.argv) > 1 else sys.executable
    wanted = (ROOT / "binder" / "runtime.txt").read_text().strip().removeprefix("python-")
    found = subprocess.run([python, "--version"], capture_output=True, text=True, check=True)
    if f" {wanted}." not in found.stdout:
        raise SystemExit(f"{found.stdout.strip()} is not the Python {wanted} of binder/runtime.txt")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        own = build(folder, python)
        kernel(folder, own)
        version, packages = subprocess.run(
            [own, "-c", VERSIONS], capture_output=True, text=True, check=True
        ).stdout.split("|")
        head = HEAD.format(
            date=datetime.now(UTC).date(),
            processor=processor(),
            cpus=os.cpu_count(),
            python=version,
            packages=packages,
            bound=BOUND / 1e9,
            disk=on_disk(folder / "env") / 1e9,
        )
        books = folder / "home" / "notebooks" / "en"
        rows = {n.name: measure(books / n.name) for n in NOTEBOOKS}
    table = "".join(f"| {n} | {p / 1e9:.2f} | {s:.0f} |\n" for n, (p, s) in rows.items())
    (ROOT / "benchmarks" / "binder.md").write_text(head + table, encoding="utf-8")
    print(head + table)
    return int(any(peak >= BOUND for peak, _ in rows.values()))


if __name__ == "__main__":
    sys.exit(main())
