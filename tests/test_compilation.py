"""Programs are compiled once, in the background where that saves time."""

import gc
import logging

import numpy as np
import pytest

import gemma_nb as gnb
from gemma_nb.errors import LoadError
from gemma_nb.generation import compilation
from gemma_nb.generation.compilation import CompiledFunctions, ProgramSpec
from gemma_nb.loading import relayout
from gemma_nb.model import live_models

DEMO = "demo_gemma3_instruct_1m"
QUESTION = "What is 2 plus 3?"
pytestmark = pytest.mark.slow


def make_spec(factor):
    import jax.numpy as jnp

    return lambda: ProgramSpec(lambda x: x * factor, (jnp.ones(4),))


@pytest.mark.parametrize("background", [True, False])
def test_each_program_is_compiled_once(background, monkeypatch):
    import jax.numpy as jnp

    monkeypatch.setattr(compilation, "compiles_in_background", lambda: background)
    functions = CompiledFunctions()
    functions.start({"twice": make_spec(2)})
    assert functions.compilations == (0 if background else 1)
    functions.ensure({"twice": make_spec(2), "thrice": make_spec(3)})
    functions.ensure({"twice": make_spec(2)})
    assert functions.compilations == 2
    assert functions["twice"](jnp.ones(4)).tolist() == [2] * 4
    assert functions["thrice"](jnp.ones(4)).tolist() == [3] * 4
    assert functions.compile_seconds > 0


def test_what_fails_to_compile_is_tried_anew(monkeypatch):
    monkeypatch.setattr(compilation, "compiles_in_background", lambda: True)
    once = iter([ValueError("no")])

    def compile_lowered(lowered):
        for error in once:
            raise error
        return lowered.compile()

    monkeypatch.setattr(compilation, "_compile", compile_lowered)
    functions = CompiledFunctions()
    with pytest.raises(ValueError, match="no"):
        functions.ensure({"twice": make_spec(2)})
    functions.ensure({"twice": make_spec(2)})
    assert functions.compilations == 1


def test_an_option_that_xla_no_longer_has_is_left_out(monkeypatch):
    import jax
    import jax.numpy as jnp

    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")

    options_tried = []

    class Traced:
        def compile(self, compiler_options=None):
            options_tried.append(compiler_options)
            if compiler_options:
                name = min(compiler_options)  # one after the other, whichever it does not know
                raise jax.errors.JaxRuntimeError(f"No such compile option: '{name}'")
            return "compiled"

    assert compilation._compile(Traced()) == "compiled"
    options, *fewer, without = options_tried
    assert without is None
    assert [len(o) for o in (options, *fewer)] == list(range(len(options), 0, -1))
    # this XLA has them
    traced = jax.jit(lambda x: x + 1).lower(jnp.ones(2))
    assert traced.compile(compiler_options=options)(jnp.ones(2)).tolist() == [2, 2]


@pytest.mark.parametrize("precision", ["bfloat16", "int8", "int4"])
@pytest.mark.parametrize("laid_out", [False, True])
def test_a_model_is_compiled_while_its_weights_are_read(precision, laid_out, monkeypatch):
    """Its programs fit the weights that come later, also where those lie as a GPU has them."""
    plain = gnb.load(DEMO, precision, progress=False)
    expected = plain.generate(QUESTION, 8, temperature=0)
    plain.unload()
    monkeypatch.setattr(compilation, "compiles_in_background", lambda: True)
    monkeypatch.setattr(relayout, "relayout_pays", lambda: laid_out)
    steps = []
    model = gnb.load(DEMO, precision, progress=steps.append)
    stages = [step.stage for step in steps if step.finished]
    assert stages[-3:] == ["build", "weights", "compile"]
    compilations = model.compilations
    # an empty cache, a prompt, the tokens behind it, and sampling, which is apart on a processor
    assert compilations == 4
    if laid_out:
        block = model.lm.backbone.transformer_layers[0]
        assert block.gating_ffw._kernel.value.format.layout.major_to_minor == (1, 0)
    assert model.generate(QUESTION, 8, temperature=0) == expected
    assert model.compilations == compilations
    assert model.last.compile_seconds == 0
    model.unload()


def test_the_first_token_does_not_wait_for_the_program_behind_it():
    """On a processor: elsewhere both are compiled at the same time."""
    model = gnb.load(DEMO, progress=False)
    tokens = model.stream_ids(QUESTION, max_new_tokens=4, temperature=0)
    next(tokens)
    assert model.compilations == 2  # an empty cache, a prompt
    assert len(list(tokens)) > 0
    assert model.compilations == 4  # the tokens behind it, and sampling
    model.unload()


def test_an_early_compile_that_fails_leaves_nothing(monkeypatch):
    import jax

    monkeypatch.setattr(compilation, "compiles_in_background", lambda: True)

    def compiled(_):
        raise RuntimeError("no code for this device")

    monkeypatch.setattr(compilation, "_compile", compiled)
    gc.unfreeze()  # what other tests no longer use was frozen while it was in use
    gc.collect()
    before = sum(a.nbytes for a in jax.live_arrays())
    with pytest.raises(LoadError, match="no code for this device"):
        gnb.load(DEMO, progress=False)
    assert sum(a.nbytes for a in jax.live_arrays()) == before
    assert not live_models()


def test_where_the_device_lays_weights_out_their_description_says_so(monkeypatch):
    import keras

    monkeypatch.setattr(relayout, "relayout_pays", lambda: True)
    layer = keras.layers.Dense(4)
    layer.build((2,))
    relayout.relayout_layers([layer])
    read = relayout.compile_arguments([layer._kernel], [layer])[0]
    layer._kernel._value = None
    unread = relayout.compile_arguments([layer._kernel], [layer])[0]
    assert read.format.layout.major_to_minor == unread.format.layout.major_to_minor == (1, 0)
    assert (unread.shape, unread.dtype) == ((2, 4), np.float32)


def test_unloading_frees_a_model_and_leaves_the_user_s_functions_compiled():
    import weakref

    import jax

    own = jax.jit(lambda x: x * 3 + 1)
    own(np.ones(7))
    gc.unfreeze()
    gc.collect()
    before = sum(a.nbytes for a in jax.live_arrays())
    model = gnb.load(DEMO, "int8", 64, progress=False)
    table = gnb.compare(
        model, QUESTION, text="Hello there.", max_new_tokens=2, repeats=1, progress=False
    )
    assert table.measured
    gnb.next_tokens(model, QUESTION)
    gone = [weakref.ref(one) for one in (model.lm, model.lm.backbone, model._decoder)]
    model.unload()
    assert [ref() for ref in gone] == [None] * 3
    assert sum(a.nbytes for a in jax.live_arrays()) == before
    assert own._cache_size() == 1
    compiled = []
    with jax.log_compiles():
        logging.getLogger("jax").addHandler(handler := ListHandler(compiled))
        own(np.ones(7))
        logging.getLogger("jax").removeHandler(handler)
    assert not compiled


class ListHandler(logging.Handler):
    def __init__(self, records):
        super().__init__()
        self.records = records

    def emit(self, record):
        self.records.append(record.getMessage())
