"""One module a format; ``Variant.prompt_format`` names the module.

Each has ``render(request)``, the parts of a conversation; ``stops(variant)``, the tokens that end
a reply besides ``<eos>``; ``markup(variant)``, how its replies are read; and ``lint(text,
variant)``, the faults of a hand-written prompt.
"""
