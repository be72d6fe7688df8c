"""Generation: one compiled prefill and one compiled decode step, driven from Python.

``decoding`` runs them over KerasHub's own ``call_with_cache``; ``sampling`` picks the next token;
``text`` turns token ids into whole characters; ``stopping`` knows where each family ends a reply.
"""
