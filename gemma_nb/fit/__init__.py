"""Whether a variant fits into the memory of a runtime, how fast it runs there, and what to choose.

``precision`` and ``choice`` describe a choice; ``weight_shapes``, ``cache_layout`` and ``memory``
estimate its memory, ``speed`` its speed; ``verdict`` compares the estimate with the runtime
(``warnings`` and ``fixes`` belong to it), and ``tuning`` what tuning takes; ``options``, ``tasks``
and ``recommend`` help to choose; ``frameworks`` lists the other ways to run a variant.
"""
