"""The Gemma variants that exist, and the facts about each of them.

Start at ``registry`` (``variants``, ``variant``) and ``variant`` (the ``Variant`` class). Variants of
the catalog come from ``data_files``; ``unlisted`` builds a ``Variant`` for any other model.
"""
