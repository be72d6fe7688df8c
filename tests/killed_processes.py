"""Runs operations in processes that are killed at a chosen change of the disk.

A process that has imported keras once is forked for each operation: importing it takes longer than
all that is done here. Run as a program, it reads one request a line and writes one answer a line.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

#: What Python tells an audit hook before it changes the disk.
_CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.mkdir"}
DEMO = "demo_gemma3_instruct_1m"
QUESTION = "What is the capital of Japan?"


class Processes:
    """A process with everything imported, which is forked for each operation; a context manager."""

    def __enter__(self):
        env = {**os.environ, "JAX_PLATFORMS": "cpu", "PYTHONPATH": os.pathsep.join(sys.path)}
        self._zygote = subprocess.Popen(
            [sys.executable, "-W", "ignore", __file__],
            env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        return self

    def __exit__(self, *_):
        self._zygote.stdin.close()
        self._zygote.wait(60)

    def run(self, operation, root, *arguments, kill=0, after=None):
        """Runs an operation.

        Args:
            operation: a function of this file.
            root: the folder below which it changes the disk.
            *arguments: its arguments.
            kill: the number of the change before which the process is killed, from 1; 0 for none.
            after: seconds after which it is killed, whatever it does then.

        Returns:
            A dict: "killed", "value", "error", "events" (changes of the disk), "seconds".
        """
        request = [operation, str(root), arguments, kill, after]
        self._zygote.stdin.write(json.dumps(request) + "\n")
        self._zygote.stdin.flush()
        return json.loads(self._zygote.stdout.readline())


def tree(folder):
    """Everything below a folder: name -> content; of JSON its value without dates and durations."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if "/xet/logs" in f"/{name}":  # of hf_xet, one for each process
            continue
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_dir():
            found[name] = "a directory"
        elif path.suffix == ".json" and path.stat().st_size:
            found[name] = _steady(json.loads(path.read_bytes()))
        else:
            found[name] = path.read_bytes()
    return found


def _steady(value):
    if isinstance(value, dict):
        unsteady = ("date", "_seconds", "tokens_per_second", "_peak", "usable_bytes", "host_bytes")
        return {k: _steady(v) for k, v in value.items() if not any(u in k for u in unsteady)}
    return [_steady(item) for item in value] if isinstance(value, list) else value


# --- operations; they run in a process of their own


def fetch(handle, endpoint):
    from huggingface_hub import constants, file_download
    from kagglesdk import kaggle_env

    from gemma_nb.hub import download
    from gemma_nb.hub.fetch import fetch

    download.PAUSES, download.CHUNK = (0.01, 0.01), 2**16
    kaggle_env._env_to_endpoint[kaggle_env.KaggleEnv.LOCAL] = endpoint
    constants.ENDPOINT = endpoint
    template = endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    for module in (constants, file_download):
        module.HUGGINGFACE_CO_URL_TEMPLATE = template
    write = download.Download._write_chunk

    def counted(*arguments):
        write(*arguments)
        _count()

    download.Download._write_chunk = counted
    return str(fetch(handle, progress=False))


def _load(precision, cache="off"):
    import gemma_nb as gnb

    return gnb.load(DEMO, precision, 64, progress=False, compile_cache=cache, force=True)


def load(precision, cache):
    from gemma_nb.loading import tensor_files, weights

    read = tensor_files.open_tensor

    def counted(*arguments):
        _count()
        return read(*arguments)

    weights.open_tensor = counted
    model = _load(precision, cache)
    return model.generate(QUESTION, 8, temperature=0)


def save(precision, path):
    return str(_load(precision).save(path))


def export(precision, path, form):
    return str(_load(precision).export(path, form))


def save_chat(path, text):
    from types import SimpleNamespace

    import gemma_nb as gnb

    chat = gnb.Chat(SimpleNamespace(variant=SimpleNamespace(name=DEMO)))
    chat.messages = [{"role": "user", "content": text}]
    return str(chat.save(path))


def compare(path, programs):
    import gemma_nb as gnb

    os.environ["GEMMA_NB_COMPILE_CACHE"] = programs

    def step(state):
        if not state.note:
            _count()

    table = gnb.compare(
        [f"{DEMO}:float32", f"{DEMO}:bfloat16"], QUESTION, "Tokyo", max_new_tokens=6, max_length=64,
        repeats=1, path=path, force=True, progress=step,
    )  # fmt: skip
    return [[r.status, [o.text for o in r.outputs], r.agreement is not None] for r in table.rows]


# --- the process that is forked

_events = 0
_kill_at = 0


def _count():
    global _events
    _events += 1
    if _events == _kill_at:
        os.kill(os.getpid(), signal.SIGKILL)


def _watch(root):
    """Counts the changes of the disk below a folder from now on."""

    def hook(event, args):
        if event == "open":
            changes = isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        else:
            changes = event in _CHANGES
        if changes and isinstance(args[0], str | os.PathLike) and _is_below(args[0], root):
            _count()

    sys.addaudithook(hook)


def _is_below(path, root):
    return os.path.abspath(os.fsdecode(path)).startswith(root)  # noqa: PTH100 - quick


def _child(request, answer):
    """Runs an operation and writes what came of it, unless it is killed."""
    global _kill_at
    operation, root, arguments, _kill_at, _ = request
    for name in list(os.environ):
        if name.startswith(
            ("KAGGLE", "HF_", "HUGGING", "XDG_", "JAX_COMPILATION", "JAX_PERSISTENT")
        ):
            del os.environ[name]
    os.environ |= {
        "HOME": root, "TMPDIR": f"{root}/tmp", "HF_HOME": f"{root}/hf", "GEMMA_NB_LANG": "en",
        "KAGGLEHUB_CACHE": f"{root}/kagglehub", "KAGGLE_API_ENVIRONMENT": "LOCALHOST",
    }  # fmt: skip
    Path(root, "tmp").mkdir(parents=True, exist_ok=True)
    tempfile.tempdir = None
    from huggingface_hub import constants

    constants.HF_HUB_CACHE = f"{root}/hf/hub"
    _watch(root)
    started, said = time.perf_counter(), {"value": None, "error": None}
    try:
        said["value"] = globals()[operation](*arguments)
    except BaseException as error:  # noqa: BLE001 - told to the test
        said["error"] = f"{type(error).__name__}: {error}"
    said |= {"events": _events, "seconds": time.perf_counter() - started}
    os.write(answer, json.dumps(said).encode())


def _fork(request):
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reader)
            os.dup2(2, 1)  # what is printed is no answer
            _child(request, writer)
        finally:
            os._exit(0)
    os.close(writer)
    if request[4] is not None:
        time.sleep(request[4])
        os.kill(child, signal.SIGKILL)
    with open(reader, "rb") as pipe:  # noqa: PTH123 - a file descriptor
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    return {"killed": os.WIFSIGNALED(status), **(json.loads(said) if said else {})}


def main():
    import filelock  # noqa: F401
    import huggingface_hub.file_download  # noqa: F401
    import jax
    import kagglesdk  # noqa: F401
    import requests  # noqa: F401

    import gemma_nb.comparison.run
    import gemma_nb.hub.fetch  # noqa: F401
    from gemma_nb import backend

    backend.import_keras_hub()
    jax.config.update("jax_compilation_cache_dir", None)
    for line in sys.stdin:
        print(json.dumps(_fork(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
