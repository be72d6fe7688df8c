"""The prompt formats, a module each; ``prompts.formatting`` lists them.

A format has three functions. ``render(request)`` gives the parts of a prompt, ``reply_markup(variant)``
the control tokens of the replies, and ``lint(text, variant)`` the faults of a hand-written prompt.
"""
