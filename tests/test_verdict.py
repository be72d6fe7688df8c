"""Verdicts with their reasons, warnings, fixes and the breakdown of the memory."""

import dataclasses

import pytest

from gemma_nb import Choice, advise, estimate_memory, set_language, variant, variants
from gemma_nb.errors import InvalidInput
from gemma_nb.fit import fixes as fixes_module
from gemma_nb.fit.verdict import TIGHT_SHARE, download_bytes, memory_breakdown
from gemma_nb.fit.weight_shapes import text_weight_shapes
from gemma_nb.hardware.known_runtimes import runtime, runtimes
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.i18n import table
from gemma_nb.text_utils import GIB, format_gib

HALF = ("float32", "float16", "int8")
ALL = ("float32", "bfloat16", "float16", "int8")


def gpu(gib, **changes):
    told = {"native_dtypes": ALL, "compute_capability": "8.9", "memory_fraction": 1.0, **changes}
    return Runtime("card", "gpu", round(gib * GIB), **told)


def keys(verdict):
    return [w.key for w in verdict.warnings]


# --- the verdict


@pytest.mark.parametrize(("spare", "status"), [(0.5, "fits"), (0.05, "tight"), (-0.05, "no")])
def test_the_three_statuses(spare, status):
    needed = estimate_memory("gemma3_instruct_4b", "bfloat16", 2048).peak_device
    card = Runtime("card", "gpu", round(needed * (1 + spare)), memory_fraction=1.0)
    v = advise("gemma3_instruct_4b", "bfloat16", card)
    assert (v.status, v.fits) == (status, status != "no")
    assert (v.bytes_needed, v.bytes_available) == (needed, card.memory_bytes)
    assert isinstance(v.bytes_needed, int)


def test_tight_begins_where_it_says():
    needed = estimate_memory("gemma3_instruct_1b", "bfloat16", 2048).peak_device
    for memory, status in ((needed / TIGHT_SHARE + 2, "fits"), (needed / TIGHT_SHARE - 2, "tight")):
        card = Runtime("card", "gpu", int(memory), memory_fraction=1.0)
        assert advise("gemma3_instruct_1b", "bfloat16", card).status == status


def test_the_sentence_has_both_numbers_in_both_languages():
    v = advise("gemma3_instruct_12b", "bfloat16", "T4")
    for lang in ("en", "ja"):
        set_language(lang)
        assert "13.5 GiB" in str(v)
        assert "T4" in str(v)
        assert "gemma3_instruct_12b" in str(v.reason)
    assert v.reason.text("en") != v.reason.text("ja")


def test_memory_outside_jaxs_share_is_not_available():
    assert advise("gemma3_1b", "bfloat16", "T4").bytes_available < runtime("T4").memory_bytes
    default = dataclasses.replace(runtime("T4"), memory_fraction=0.75)
    v = advise("gemma3_1b", "bfloat16", default)
    assert v.bytes_available == pytest.approx(0.75 * runtime("T4").memory_bytes, abs=1)


def test_host_memory_while_loading_can_be_what_is_missing():
    card = gpu(40, host_ram_bytes=GIB)
    v = advise("gemma3_instruct_4b", "bfloat16", card)
    assert v.status == "no"
    assert [c.resource for c in v.checks if c.status == "no"] == ["host"]
    assert v.bytes_available == GIB
    assert "host memory" in str(v)


def test_the_disk_can_be_what_is_missing():
    card = gpu(40, disk_free_bytes=3 * GIB)
    v = advise("gemma3_instruct_4b", "bfloat16", card)
    assert v.status == "no"
    assert v.bytes_needed == 2 * variant("gemma3_instruct_4b").parameters
    assert "disk" in str(v)
    assert advise("gemma3_instruct_1b", "bfloat16", card).fits


def test_the_demo_needs_no_download():
    assert download_bytes(variant("demo_gemma3_instruct_4m")) == 0
    assert download_bytes(variant("gemma3_1b")) == 2 * 999885952


def test_on_a_processor_the_interpreter_counts():
    v = advise("demo_gemma3_instruct_4m", "float32", "binder")
    assert v.bytes_needed > 0.8 * GIB
    assert v.status == "fits"


def test_advise_accepts_a_whole_choice():
    v = advise("gemma3_instruct_4b", "int8", "L4", max_length=4096, batch_size=2)
    assert isinstance(v.choice, Choice)
    again = advise(v.choice)
    assert (again.status, again.bytes_needed) == (v.status, v.bytes_needed)
    assert again.choice == v.choice
    # what is given beside a choice does not count
    assert advise(v.choice, "float32", "T4", 99).choice == v.choice


def test_a_choice_accepts_names():
    c = Choice("GEMMA3_instruct_1b", "BFloat16", runtime="t4")
    assert (c.variant.name, c.precision, c.runtime.name) == ("gemma3_instruct_1b", "bfloat16", "T4")
    assert advise(c).fits
    with pytest.raises(InvalidInput):
        Choice("gemma3_instruct_1b", "bf16", runtime="T4")


def test_objects_and_names_are_the_same():
    v = variant("gemma3_instruct_1b")
    assert advise(v, "bfloat16", runtime("T4")) == advise("GEMMA3_Instruct_1B", "BFLOAT16", "t4")


def test_auto_is_the_precision_of_load():
    assert advise("gemma3_instruct_1b", None, "T4").choice.precision == "bfloat16"
    assert advise("gemma3_instruct_1b", "auto", "T4").choice.precision == "bfloat16"
    assert advise("gemma3_instruct_1b", "auto", "laptop 16 GB").choice.precision == "bfloat16"


@pytest.mark.parametrize(
    "arguments",
    [
        ("gemma3_instruct_1x", "bfloat16", "T4"),
        ("gemma3_instruct_1b", "bf16", "T4"),
        ("gemma3_instruct_1b", "bfloat16", "T44"),
        ("gemma3_instruct_1b", "bfloat16", "T4", 0),
        ("gemma3_instruct_1b", "bfloat16", "T4", 2048, 0),
        ("gemma3_instruct_1b", "bfloat16", "T4", True),
        ("gemma3_instruct_1b", "bfloat16", "T4", 10**7),
    ],
)
def test_bad_arguments(arguments):
    with pytest.raises(InvalidInput):
        advise(*arguments)


@pytest.mark.parametrize("devices", [0, 3, -1, True, 1.5, "2"])
def test_more_devices_than_the_runtime_has(devices):
    with pytest.raises(InvalidInput, match="T4 x2"):
        advise("gemma3_instruct_1b", "bfloat16", "T4 x2", devices=devices)


def test_every_variant_gets_a_verdict_everywhere():
    for v in variants():
        for r in runtimes():
            length = min(2048, v.context_length or 2048)
            found = advise(v, None, r, length)
            assert found.status in ("fits", "tight", "no")
            assert str(found)


# --- warnings: one test each, and one that nothing was forgotten

OLD_HUB = dataclasses.replace(runtime("L4"), keras_hub="0.26.0")
#: warning -> (what sets it off, the nearest thing that does not, whether it rules the choice out)
WARNINGS = {
    "not_loadable": (("gemma4_unified_instruct_12b", None, "H100"), ("gemma4_instruct_2b", None, "H100"), True),
    "no_keras": (("gemma3_instruct_270m", None, "phone 8 GB"), ("gemma3_instruct_270m", None, "laptop 8 GB"), False),
    "no_keras_hub": (("gemma3_instruct_1b", None, "v5e-1"), ("gemma3_instruct_1b", None, "v5e-8"), False),
    "old_keras_hub": (("gemma4_instruct_2b", None, OLD_HUB), ("gemma3_instruct_1b", None, OLD_HUB), False),
    "jax_support": (
        ("gemma3_instruct_1b", None, gpu(20, jax_support=False)),
        ("gemma3_instruct_1b", None, gpu(20, jax_support=True)),
        False,
    ),
    "jax_share": (
        ("gemma3_instruct_1b", None, gpu(20, memory_fraction=0.75)),
        ("gemma3_instruct_1b", None, gpu(20)),
        False,
    ),
    "apple": (("gemma3_instruct_1b", None, "Apple 16 GB"), ("gemma3_instruct_1b", None, "laptop 16 GB"), False),
    "terms": (("gemma3_instruct_1b", None, "L4"), ("gemma4_instruct_2b", None, "L4"), False),
    "float16_overflows": (
        ("gemma3n_e2b_it", "float16", "T4"),
        ("gemma2_instruct_2b_en", "float16", "T4"),
        True,
    ),
    "float16_clipped": (
        ("gemma3_instruct_1b", "float16", "T4"),
        ("gemma2_instruct_2b_en", "float16", "T4"),
        False,
    ),
    "float16_unmeasured": (
        ("gemma4_instruct_2b", "float16", "T4"),
        ("gemma2_instruct_2b_en", "float16", "T4"),
        False,
    ),
    "old_gpu": (
        ("gemma3_instruct_1b", None, gpu(20, compute_capability="7.0")),
        ("gemma3_instruct_1b", None, gpu(20, compute_capability="7.5")),
        False,
    ),
    "float32": (("gemma3_instruct_1b", "float32", "L4"), ("gemma3_instruct_1b", "bfloat16", "L4"), False),
    "emulated_bfloat16": (("gemma3_instruct_1b", "bfloat16", "T4"), ("gemma3_instruct_1b", "bfloat16", "L4"), False),
    "int8_float16": (("gemma3_instruct_1b", "int8", "T4"), ("gemma3_instruct_1b", "int8", "L4"), False),
    "experts_stay": (("gemma4_instruct_26b_a4b", "int4", "H100"), ("gemma4_instruct_31b", "int4", "H100"), False),
    "int4_speed": (("gemma3_instruct_1b", "int4", "L4"), ("gemma3_instruct_1b", "int8", "L4"), False),
    "int4_small": (("gemma3_instruct_1b", "int4", "L4"), ("gemma3_instruct_4b", "int4", "L4"), False),
    "drafter": (("gemma4_instruct_2b_assistant", None, "L4"), ("gemma4_instruct_2b", None, "L4"), True),
    "embedder": (("embedding_gemma3_300m", None, "L4"), ("gemma3_instruct_1b", None, "L4"), True),
    "classifier": (("shieldgemma_2b_en", None, "L4"), ("gemma2_instruct_2b_en", None, "L4"), False),
    "not_run": (
        ("harrier_embedding_oss_270m", None, "L4"),
        ("gemma3_instruct_1b", None, "L4"),
        True,
    ),
    "pretrained": (("gemma3_1b", None, "L4"), ("gemma3_instruct_1b", None, "L4"), False),
    "rough_estimate": (
        (dataclasses.replace(variant("gemma3_instruct_1b"), architecture=None), None, "L4"),
        ("gemma3_instruct_1b", None, "L4"),
        False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("key", WARNINGS)
def test_warning(key):
    sets_off, does_not, blocks = WARNINGS[key]
    verdict = advise(*sets_off)
    warning = next(w for w in verdict.warnings if w.key == key)
    assert warning.blocks == blocks
    assert key not in keys(advise(*does_not))
    assert verdict.guards == verdict.warnings  # the earlier name stays
    if blocks:
        assert verdict.status == "no"
        assert verdict.reason == warning.message
    for lang in ("en", "ja"):
        assert len(warning.message.text(lang)) > 20


@pytest.mark.parametrize("place", ["laptop 16 GB", "Apple 16 GB", "L4"])
def test_float32_is_warned_of_where_bfloat16_loses_nothing(place):
    name = "gemma3_instruct_1b"
    assert "float32" in keys(advise(name, "float32", place))
    assert "float32" not in keys(advise(name, None, place))
    assert "float32" not in keys(advise(name, "float32", place, task="tuning"))
    # bfloat16 was not measured for these on a processor, and a demo model is small
    for name, task in (("embedding_gemma3_300m", "embedding"), ("demo_gemma3_1m", "chat")):
        warned = "float32" in keys(advise(name, "float32", place, task=task))
        assert warned == (place == "L4")


def test_every_warning_that_has_a_sentence_has_a_test():
    assert {k.removeprefix("guard_") for k in table() if k.startswith("guard_")} == WARNINGS.keys()


@pytest.mark.parametrize(
    ("name", "task", "key"),
    [
        ("embedding_gemma3_300m", "embedding", "embedder"),
        ("shieldgemma_2b_en", "safety", "classifier"),
        ("gemma3_1b", "tuning", "pretrained"),
        ("code_gemma_1.1_2b_en", "code", "pretrained"),
    ],
)
def test_a_variant_in_its_own_task_gets_no_warning(name, task, key):
    assert key in keys(advise(name, None, "L4"))
    assert key not in keys(advise(name, None, "L4", task=task))


def test_the_reasons_contain_the_facts():
    t4 = str(
        next(
            g
            for g in advise("gemma3_1b", "bfloat16", "T4").warnings
            if g.key == "emulated_bfloat16"
        )
    )
    assert "7.5" in t4
    assert "Not measured" in t4
    assert "does not help this model" in t4
    gemma4 = advise("gemma4_2b", "bfloat16", "T4").warnings
    assert 'precision="auto" takes' in next(str(w) for w in gemma4 if w.key == "emulated_bfloat16")
    # older GPUs have float16 and gain nothing from it
    pascal = Runtime(
        "P100", "gpu", 16 * GIB, native_dtypes=("float32", "float16"), compute_capability="6.0"
    )
    old = {w.key: str(w) for w in advise("gemma4_2b", None, pascal).warnings}
    assert "float16 is no faster there" in old["emulated_bfloat16"]
    assert "jax[cuda12]" in old["old_gpu"]
    hub = str(
        next(g for g in advise("gemma4_2b", None, OLD_HUB).warnings if g.key == "old_keras_hub")
    )
    assert "0.26.0" in hub
    assert "0.27" in hub
    others = str(advise("gemma4_unified_12b", None, "H100"))
    assert "llama.cpp" in others


# --- fixes


def fix(verdict, key):
    return next(f for f in verdict.fixes if f.key == key)


def assert_helps(verdict, found):
    changed = found.apply()
    assert isinstance(changed, Choice)
    after = advise(changed)
    order = ("fits", "tight", "no")
    assert order.index(after.status) < order.index(verdict.status)
    assert (
        after.bytes_needed != verdict.bytes_needed
        or after.bytes_available != verdict.bytes_available
    )
    for lang in ("en", "ja"):
        assert found.label.text(lang)
    return changed


def test_a_choice_that_fits_has_no_fixes():
    assert advise("gemma3_instruct_1b", "bfloat16", "T4").fixes == ()


def test_fix_lower_precision():
    v = advise("gemma3_instruct_4b", "float32", "T4")
    assert [f.key for f in v.fixes] == ["float32_to_bfloat16"]  # nothing else is wanted then
    assert assert_helps(v, v.fixes[0]).precision == "bfloat16"


def test_fix_lower_precision_on_a_gpu_without_bfloat16():
    v = advise("gemma4_instruct_2b", "float32", "T4")
    assert [f.key for f in v.fixes] == ["float32_to_float16"]
    assert assert_helps(v, v.fixes[0]).precision == "float16"


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_fixes_keep_a_16_bit_precision_that_works(precision):
    v = advise(
        "gemma4_instruct_4b", precision, gpu(12, compute_capability="7.5", native_dtypes=HALF)
    )
    kept = [f for f in v.fixes if f.key in ("shorter", "smaller", "text_only")]
    assert all(f.choice.precision == precision for f in kept)


def test_fix_float16():
    v = advise("gemma3n_e2b_it", "float16", "T4")
    assert [f.key for f in v.fixes] == ["float16_to_bfloat16"]
    assert advise(v.fixes[0].apply()).fits


def test_fix_lower_precision_on_a_processor():
    exact, half = (
        advise("gemma3_instruct_4b_text", p, "desktop 32 GB").bytes_needed
        for p in ("float32", "bfloat16")
    )
    v = advise("gemma3_instruct_4b_text", "float32", Runtime("box", "cpu", (exact + half) // 2))
    assert v.status == "no"
    assert [f.key for f in v.fixes] == ["float32_to_bfloat16"]
    assert assert_helps(v, v.fixes[0]).precision == "bfloat16"
    # where that does not suffice, the others are tried on top of it
    v = advise("gemma3_instruct_4b_text", "float32", Runtime("box", "cpu", half * 3 // 4))
    assert {"int8", "smaller"} <= {f.key for f in v.fixes}
    smaller = fix(v, "smaller").choice
    assert (smaller.precision, smaller.variant.size) == ("bfloat16", "1B")


def test_fix_bfloat16_on_a_processor():
    """Where "auto" is float32 there: an encoder-decoder."""
    exact, half = (
        advise("t5gemma_2b_2b_prefixlm_it", p, "desktop 32 GB").bytes_needed
        for p in ("float32", "bfloat16")
    )
    v = advise("t5gemma_2b_2b_prefixlm_it", "float32", Runtime("box", "cpu", (exact + half) // 2))
    assert v.status == "no"
    found = fix(v, "bfloat16_on_a_processor")
    assert assert_helps(v, found).precision == "bfloat16"
    assert "half the memory" in found.label.text("en")
    # it is not the only one
    assert "int8" in {f.key for f in v.fixes}


def test_fix_text_only():
    both, text = (
        estimate_memory(n, "bfloat16", 2048).peak_device
        for n in ("gemma3_instruct_12b", "gemma3_instruct_12b_text")
    )
    card = Runtime("card", "gpu", (both + text) // 2, memory_fraction=1.0)
    v = advise("gemma3_instruct_12b", "bfloat16", card)
    assert v.status == "no"
    changed = assert_helps(v, fix(v, "text_only"))
    assert changed.variant.name == "gemma3_instruct_12b_text"
    assert changed.precision == "bfloat16"


def test_fix_shorter():
    card = gpu(26.5)
    v = advise("gemma3_instruct_12b", "bfloat16", card, max_length=65536)
    assert v.status == "no"
    changed = assert_helps(v, fix(v, "shorter"))
    assert 512 <= changed.max_length < 65536
    # no shorter than it has to be
    assert advise(dataclasses.replace(changed, max_length=2 * changed.max_length)).status != "fits"


def test_fix_one_conversation_at_a_time():
    v = advise("gemma3_instruct_4b", "bfloat16", gpu(11.5), max_length=8192, batch_size=16)
    assert v.status == "no"
    assert assert_helps(v, fix(v, "batch")).batch_size == 1


@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_fix_quantise(precision):
    v = advise("gemma3_instruct_12b_text", "bfloat16", gpu(17 if precision == "int8" else 10))
    assert v.status == "no"
    assert assert_helps(v, fix(v, precision)).precision == precision


def test_a_fix_spreads_over_the_fewest_devices_that_hold_it():
    v = advise("gemma4_instruct_31b", "int4", "T4 x2")
    assert v.status == "no"
    assert fix(v, "devices").choice.devices == 2
    assert advise(fix(v, "devices").apply()).fits


def test_fix_several_devices():
    v = advise("gemma3_instruct_12b", "bfloat16", "T4 x2")
    assert v.status == "no"
    w = advise("gemma4_instruct_31b", "bfloat16", "v5e-8")
    changed = assert_helps(w, fix(w, "devices"))
    assert changed.devices in (4, 8)
    assert changed.runtime.name == "v5e-8"
    assert all(f.key != "devices" for f in advise("gemma4_instruct_31b", "bfloat16", "T4").fixes)


def test_fix_smaller_variant():
    v = advise("gemma3_instruct_27b", "bfloat16", "L4")
    changed = assert_helps(v, fix(v, "smaller"))
    assert changed.variant.name == "gemma3_instruct_4b"  # the largest that fits
    assert changed.variant.tuning == "IT"


def test_fix_next_runtime_with_price_and_date():
    v = advise("gemma3_instruct_27b", "bfloat16", "L4")
    free, paid = (f for f in v.fixes if f.key == "runtime")
    changed = assert_helps(v, free)
    assert (changed.runtime.name, changed.devices) == ("v5e-8", 4)
    assert "4 devices" in str(free)
    changed = assert_helps(v, paid)
    assert (changed.runtime.name, changed.devices) == ("A100-80GB", 1)
    assert "7.52" in str(paid)
    assert "2026-11" in str(paid)


def test_fixes_come_cheapest_first():
    v = advise("gemma3_instruct_12b", "bfloat16", gpu(20), max_length=32768)
    order = ["text_only", "shorter", "batch", "int8", "int4", "devices", "smaller", "runtime"]
    found = [f.key for f in v.fixes]
    assert found == sorted(found, key=order.index)
    assert {"int8", "int4", "smaller", "runtime"} <= set(found)


def test_every_fix_that_is_offered_helps():
    for name in (
        "gemma4_instruct_31b",
        "gemma3_instruct_12b",
        "gemma2_instruct_9b_en",
        "pali_gemma2_mix_10b_448",
    ):
        for r in runtimes():
            for precision in ("float32", "bfloat16", "int8"):
                v = advise(name, precision, r, 8192)
                for f in v.fixes:
                    after = advise(f.apply())
                    assert after.fits, (name, r.name, precision, f.key)
                    if v.status == "tight":
                        assert after.status == "fits"


def test_no_fix_leads_to_a_choice_that_load_refuses():
    """Every variant that loads, on every known runtime, in every precision: a quarter of the grid."""
    from gemma_nb.fit.precision import PRECISIONS
    from gemma_nb.generation.engine import check_variant

    def runs(v):
        try:
            check_variant(v)
        except InvalidInput:
            return False
        return True

    def own_task(v):
        return "embedding" if v.role == "embed" else "chat"

    found, places, precisions = {}, runtimes(), list(PRECISIONS)
    loadable = [v for v in variants(loadable=True) if runs(v)]
    for i, v in enumerate(loadable):
        for j in range(i % 4, len(places), 4):
            length = min(8192, v.context_length or 8192)
            precision = precisions[(i + j) % len(precisions)]
            verdict = advise(v, precision, places[j], length, task=own_task(v))
            for f in verdict.fixes:
                c = f.choice
                names = (f.key, c.variant.name, c.precision, c.runtime.name)
                found[*names, c.max_length, c.devices] = c
    assert {key[0] for key in found} >= {"int8", "int4", "shorter", "smaller", "runtime"}
    for key, choice in found.items():
        # the checks of load: it takes the devices that are there, and its own task
        assert runs(choice.variant), key
        assert choice.devices <= choice.runtime.devices
        assert choice.runtime.runs_keras, key
        assert advise(choice, task=own_task(choice.variant)).fits, key


def test_on_a_phone_only_another_machine_helps():
    """KerasHub does not run there, in any precision."""
    for name in ("gemma4_instruct_2b", "gemma3_instruct_4b"):
        verdict = advise(name, "float32", "phone 8 GB")
        assert verdict.status == "no"
        assert [f.key for f in verdict.fixes] == ["runtime", "runtime"]


def test_every_fix_that_has_a_sentence_has_a_test():
    here = {
        "float32_to_bfloat16", "float32_to_float16", "float16_to_bfloat16", "float16_to_float32",
        "bfloat16_on_a_processor",
        "text_only", "shorter", "batch", "int8", "int4", "devices", "smaller", "runtime",
    }  # fmt: skip
    assert {k.removeprefix("fix_") for k in table() if k.startswith("fix_")} == here


@pytest.mark.parametrize(
    ("name", "precision"), [("gemma3n_e2b_it", "bfloat16"), ("t5gemma2_270m_270m", "float32")]
)
def test_fix_float16_on_a_processor(name, precision):
    v = advise(name, "float16", "desktop 32 GB")
    assert v.status == "no"
    assert [f.key for f in v.fixes] == [f"float16_to_{precision}"]
    changed = v.fixes[0].apply()
    assert changed.precision == precision
    assert advise(changed).fits


def test_float32_is_no_fix_for_bfloat16_on_a_processor():
    """It takes as much memory or more (benchmarks/memory_processor.md)."""
    for name in ("gemma3_instruct_270m", "gemma3_instruct_4b_text", "gemma4_instruct_2b"):
        exact, half = (
            advise(name, p, "desktop 32 GB").bytes_needed for p in ("float32", "bfloat16")
        )
        assert half < exact


def test_no_fix_changes_the_precision_that_a_preset_was_saved_in():
    """``load`` refuses another one."""
    saved = dataclasses.replace(
        variant("gemma3_instruct_4b"), name="mine", quantization=("int8", "int8")
    )
    needed = advise(saved, "int8", "H100").bytes_needed
    place = Runtime("card", "gpu", round(needed / 0.9), memory_fraction=1.0)
    v = advise(saved, "bfloat16", place)
    assert v.status == "no"
    assert {f.choice.precision for f in v.fixes if f.choice.variant.name == "mine"} == {"int8"}
    assert "int4" not in {f.key for f in v.fixes}


def test_fixes_are_for_the_task_that_was_asked():
    needed = advise("embedding_gemma3_300m", "bfloat16", "L4", task="embedding").bytes_needed
    place = Runtime("card", "gpu", round(needed / 1.05), memory_fraction=1.0)
    v = advise("embedding_gemma3_300m", "bfloat16", place, task="embedding")
    assert v.status == "no"
    assert "int8" in {f.key for f in v.fixes}


@pytest.mark.parametrize(
    ("precision", "length", "batch"), [("bfloat16", 64, 16), ("float16", 2048, 1)]
)
@pytest.mark.parametrize(("gib", "status"), [(40, "fits"), (1, "no")])
def test_a_processors_sentence_counts_the_float32_copy(precision, length, batch, gib, status):
    """The embedding table is converted whole in float16, and for many conversations at once."""
    v = advise("gemma_2b_en", precision, Runtime("box", "cpu", gib * 2**30), length, batch)
    shapes, _ = text_weight_shapes(variant("gemma_2b_en"))
    copies = 4 * max(s.parameters for s in shapes if s.use == "embedding")
    assert v.memory.float32_copies == copies
    assert v.status == status
    for lang in ("en", "ja"):
        sentence = v.reason.text(lang)
        assert format_gib(copies) in sentence
        assert "float32" in sentence
    # in the one sentence with the verdict, not in one beside it
    english = v.reason.text("en")
    assert english.count(". ") == 0
    assert "a float32 copy of its largest 16-bit weights" in english


def test_the_sentence_in_the_tight_case_counts_them_too():
    choice = Choice("gemma_2b_en", "bfloat16", 64, 16, Runtime("box", "cpu", 2**40))
    needed = advise(choice).bytes_needed
    v = advise(dataclasses.replace(choice, runtime=Runtime("box", "cpu", round(needed / 0.95))))
    assert v.status == "tight"
    assert "float32 copy" in v.reason.text("en")
    assert "float32 の複製" in v.reason.text("ja")


def test_the_experts_of_a_quantised_mixture_are_copied():
    v = advise("gemma4_instruct_26b_a4b", "int8", Runtime("box", "cpu", 2**40))
    shapes, _ = text_weight_shapes(variant("gemma4_instruct_26b_a4b"))
    # those of one layer at a time
    experts = 4 * max(s.parameters for s in shapes if s.use == "expert")
    assert v.memory.float32_copies == experts
    assert format_gib(experts) in str(v.reason)


@pytest.mark.parametrize(
    "choice",
    [
        ("float32", "laptop 16 GB"),
        ("int8", "laptop 16 GB"),
        ("bfloat16", "laptop 16 GB"),
        ("bfloat16", "L4"),
    ],
)
def test_without_copies_the_sentence_has_none(choice):
    v = advise("gemma3_instruct_270m", *choice)
    assert v.memory.float32_copies == 0
    assert "copy" not in str(v.reason)


def test_a_disk_that_decides_has_no_copies():
    box = Runtime("box", "cpu", 2**36, disk_free_bytes=2**20)
    v = advise("gemma3_instruct_1b", "bfloat16", box, max_length=64, batch_size=16)
    assert v.memory.float32_copies
    assert v.reason.key == "verdict_no"


def test_the_shortest_length_that_is_offered():
    v = advise("gemma3_instruct_4b", "bfloat16", gpu(4), max_length=1024)
    assert fixes_module.SHORTEST_LENGTH == 512
    assert all(f.apply().max_length >= 512 for f in v.fixes)


# --- the breakdown of the memory


@pytest.mark.parametrize("place", ["L4", "laptop 16 GB", "T4 x2", "Apple 16 GB", "phone 8 GB"])
@pytest.mark.parametrize("name", ["gemma3_instruct_4b", "gemma3_instruct_27b", "recurrentgemma_2b"])
@pytest.mark.parametrize("devices", [1, 2])
def test_the_breakdown_adds_up_to_the_need(place, name, devices):
    place = runtime(place)
    verdict = advise(name, "bfloat16", place, devices=min(devices, place.devices))
    parts = {p.key: p.size for p in memory_breakdown(verdict)}
    check = verdict.checks[0]
    missing, free = parts.pop("missing", 0), parts.pop("free", 0)
    assert abs(sum(parts.values()) - check.needed) <= devices
    assert check.available - check.needed == free - missing
    assert not (missing and free)
    assert ("host" in parts) == place.is_processor


def test_an_embedder_fits_in_the_precision_that_loses_nothing():
    """As a chat model it would be refused, whatever is changed."""
    name = "embedding_gemma3_300m"
    exact, half = (
        advise(name, p, "L4", task="embedding").bytes_needed for p in ("float32", "bfloat16")
    )
    place = Runtime("card", "gpu", (exact + half) // 2, memory_fraction=1.0)
    v = advise(name, "float32", place, task="embedding")
    assert v.status == "no"
    choice = fix(v, "float32_to_bfloat16").apply()
    assert choice.precision == "bfloat16"
    assert advise(choice, task="embedding").fits
    assert not advise(name, "float32", place, task="chat").fixes
