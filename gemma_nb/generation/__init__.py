"""Generation: one compiled pass over a stretch of tokens, driven from Python.

``decoding`` compiles and runs it; ``families`` runs KerasHub's own layers with ``attention`` in
place of their cache handling; ``sampling`` picks the next token; ``text`` turns token ids into
whole characters.
"""
