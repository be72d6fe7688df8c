"""The training loop: AdamW, warm-up and cosine, many steps in one compiled call."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import keras
import numpy as np

from .data import Packed

STEPS_A_CALL = 25


@dataclass(frozen=True)
class Schedule:
    """How long and how fast one phase is trained.

    Attributes:
        steps: optimiser steps.
        batch: rows a step.
        rate: the highest learning rate; warm-up to it, then cosine to zero.
    """

    steps: int
    batch: int
    rate: float


def _attend_within(backbone: keras.Model, segments: jax.Array) -> None:
    """Lets each position see earlier ones of its own text only, for the trace that follows.

    KerasHub's blocks make a causal mask; packed rows need one that also keeps texts apart.
    """
    position = jnp.arange(segments.shape[1])
    mask = (position[:, None] >= position[None, :]) & (segments[:, :, None] == segments[:, None, :])
    for block in backbone.transformer_layers:
        block._compute_attention_mask = lambda *_args, **_kwargs: mask  # noqa: SLF001
        # XLA's own attention: the fused kernels do not take such a mask everywhere
        block.attention._use_fused_attention_op = lambda: False  # noqa: SLF001


def _loss(
    backbone: keras.Model,
    values: list[jax.Array],
    tokens: jax.Array,
    segments: jax.Array,
    learnt: jax.Array,
) -> jax.Array:
    _attend_within(backbone, segments[:, :-1])
    inputs = {"token_ids": tokens[:, :-1], "padding_mask": (segments[:, :-1] > 0).astype("int32")}
    with keras.StatelessScope(list(zip(backbone.trainable_variables, values, strict=True))):
        hidden = backbone(inputs)
        logits = backbone.token_embedding(hidden, reverse=True).astype("float32")
    # the first token of the next text is not to be predicted from the last of this one
    counts = (learnt[:, 1:] & (segments[:, 1:] == segments[:, :-1])).astype("float32")
    logged = jax.nn.log_softmax(logits)
    losses = -jnp.take_along_axis(logged, tokens[:, 1:, None], axis=-1)[..., 0]
    return (losses * counts).sum() / jnp.maximum(counts.sum(), 1.0)


def fit(backbone: keras.Model, data: Packed, plan: Schedule, seed: int, label: str) -> list[float]:
    """Trains a backbone in place.

    Args:
        backbone: its trainable variables are read at the start and written at the end.
        data: the training set; it is gone through in an order that the seed shuffles each epoch.
        plan: steps, batch and rate.
        seed: of the order.
        label: what the progress lines begin with.

    Returns:
        The mean loss of each compiled call's steps.
    """
    steps = max(1, plan.steps // STEPS_A_CALL) * STEPS_A_CALL
    rate = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=plan.rate / 50,
        decay_steps=max(1, steps - steps // 20),
        warmup_target=plan.rate,
        warmup_steps=max(1, steps // 20),
        alpha=0.01,
    )
    optimizer = keras.optimizers.AdamW(
        learning_rate=rate, weight_decay=0.05, beta_2=0.98, global_clipnorm=1.0
    )
    optimizer.exclude_from_weight_decay(var_names=["scale"])
    optimizer.build(backbone.trainable_variables)

    rng = np.random.default_rng(seed)
    needed = steps * plan.batch
    orders = [rng.permutation(len(data)) for _ in range(-(-needed // len(data)))]
    order = np.concatenate(orders)[:needed].reshape(-1, STEPS_A_CALL, plan.batch)
    arrays = [jnp.asarray(a) for a in (data.tokens, data.segments, data.learnt)]

    @partial(jax.jit, donate_argnums=(0, 1))
    def run(values, state, rows, tokens, segments, learnt):
        def step(carry, chosen):
            values, state = carry
            batch = (tokens[chosen].astype("int32"), segments[chosen], learnt[chosen])
            loss, grads = jax.value_and_grad(partial(_loss, backbone))(values, *batch)
            values, state = optimizer.stateless_apply(state, grads, values)
            return (values, state), loss

        (values, state), losses = jax.lax.scan(step, (values, state), rows)
        return values, state, losses.mean()

    values = [v.value for v in backbone.trainable_variables]
    state = [v.value for v in optimizer.variables]
    history, begun, shown = [], time.perf_counter(), 0.0
    for i, rows in enumerate(order):
        values, state, loss = run(values, state, jnp.asarray(rows), *arrays)
        history.append(loss)
        if i in (0, len(order) - 1) or time.perf_counter() - shown > 10:
            loss = float(loss)
            shown = time.perf_counter()
            done = (i + 1) * STEPS_A_CALL
            print(f"{label}: step {done}/{steps} loss {loss:.4f} {shown - begun:.1f} s", flush=True)
    for variable, value in zip(backbone.trainable_variables, values, strict=True):
        variable.assign(value)
    return [float(loss) for loss in history]
