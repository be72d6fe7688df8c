"""What only whole processes show: memory over many rounds, and compiled programs found again."""

import json
import statistics
import subprocess
import sys

import pytest
from slow_suites import ROOT, with_tensorflow, without_compile_cache

from gemma_nb.errors import InvalidInput

pytestmark = pytest.mark.slow

ROUNDS = """
import gc, json
import gemma_nb as gnb
import jax

def host():
    status = open("/proc/self/status").read()
    return int(status.split("RssAnon:")[1].split()[0]) * 1024

def device():
    return sum(a.nbytes for a in jax.live_arrays())

seen = []
for _ in range(20):
    before = device()
    model = gnb.load("demo_gemma3_instruct_1m", "bfloat16", max_length=64, progress=False)
    model.generate("Hello", 2)
    model.unload()
    del model
    seen.append((host(), device() - before))
print("RESULT", json.dumps(seen))
"""

SECOND = """
import json
import gemma_nb as gnb
import jax

counts = {}
def count(event, *_, **__):
    counts[event] = counts.get(event, 0) + 1

jax.monitoring.register_event_listener(count)
model = gnb.load("demo_gemma3_instruct_1m", "int8", max_length=64, progress=False)
said = model.generate("What is the capital of France?", 8)
print("RESULT", json.dumps([counts, said]))
"""


def run(code, python=sys.executable, **variables):
    made = subprocess.run(
        [python, "-W", "ignore", "-c", code],
        env={**without_compile_cache(), "KERAS_BACKEND": "jax", **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    line = next((x for x in made.stdout.splitlines() if x.startswith("RESULT ")), None)
    assert line, made.stderr[-2000:]
    return json.loads(line[7:])


@pytest.mark.slow_suite
@pytest.mark.alone
def test_twenty_rounds_of_load_and_unload_end_where_they_began(tmp_path):
    """The median of five processes: glibc gives memory back in steps of 4 MiB.

    They run beside TensorFlow, where a step is 1 % of the process's 390 MiB and the bound is two
    steps. Without TensorFlow the process holds 230 MiB and grows by as many steps.
    """
    python = with_tensorflow()
    runs = [
        run(ROUNDS, python, GEMMA_NB_COMPILE_CACHE=str(tmp_path / "cache"), PYTHONPATH=str(ROOT))
        for _ in range(5)
    ]
    assert all(left == 0 for seen in runs for _, left in seen), runs
    ratios = [seen[19][0] / seen[1][0] for seen in runs]
    assert statistics.median(ratios) <= 1.02, ratios


@pytest.mark.slow_suite
@pytest.mark.alone
def test_twenty_rounds_in_one_arena(tmp_path):
    """What glibc keeps at the end of threads' arenas left out: what is more is held by someone."""
    seen = run(ROUNDS, GEMMA_NB_COMPILE_CACHE=str(tmp_path / "cache"), MALLOC_ARENA_MAX="1")
    assert seen[19][0] <= 1.01 * seen[1][0], seen


def test_a_second_process_compiles_nothing_anew(tmp_path):
    folder = tmp_path / "cache"
    first, said = run(SECOND, GEMMA_NB_COMPILE_CACHE=str(folder))
    second, again = run(SECOND, GEMMA_NB_COMPILE_CACHE=str(folder))
    asked, hit, missed = (
        f"/jax/compilation_cache/{name}"
        for name in ("compile_requests_use_cache", "cache_hits", "cache_misses")
    )
    assert first[missed] > 0
    assert second.get(missed, 0) == 0, second
    assert second[hit] == second[asked]
    assert again == said
    assert folder.stat().st_mode & 0o077 == 0


def test_the_cache_is_off_when_asked_and_refuses_what_others_can_write(tmp_path):
    from gemma_nb.loading.compile_cache import enable_compile_cache

    assert enable_compile_cache("off") is None
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(InvalidInput, match="Others can write"):
        enable_compile_cache(folder)
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match="cannot be used"):
        enable_compile_cache(tmp_path / "file" / "below")


#: A user's own settings of JAX, then everything that gemma_nb does with JAX.
OWN_CACHE = """
import json, os
import jax, gemma_nb as gnb
own, other = os.environ["OWN"], os.environ["OTHER"]
jax.config.update("jax_compilation_cache_dir", own)
names = ["jax_compilation_cache_dir", "jax_enable_compilation_cache",
         "jax_persistent_cache_min_compile_time_secs", "jax_persistent_cache_min_entry_size_bytes"]
before = [getattr(jax.config, name) for name in names]
steps = []
for asked in (None, other):
    model = gnb.load("demo_gemma3_instruct_1m", compile_cache=asked, progress=steps.append)
    model.generate("Hi", 4)
    model.unload()
after = [getattr(jax.config, name) for name in names]
print("RESULT", json.dumps([before, after, [step.note for step in steps if step.note]]))
"""


def test_a_cache_that_jax_was_given_stays_with_its_settings(tmp_path):
    own, other = tmp_path / "own", tmp_path / "other"
    before, after, notes = run(OWN_CACHE, OWN=str(own), OTHER=str(other))
    assert before == after
    assert before[0] == str(own)
    [note] = notes
    assert str(own) in note
    assert str(other) in note
    assert not list(other.iterdir())
