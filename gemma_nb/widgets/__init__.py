"""The panels that a person uses in a notebook, made of ipywidgets.

Each panel has a folder: one module holds its state and logic and is named after the panel, others
hold its controls and its HTML, and style sheets and scripts are ``.css`` and ``.js`` files beside
them. What all panels share is in ``base``. The rules of the domain (what fits, how a prompt is
rendered, what is measured) are in other packages. Only what ipywidgets 7.7.1 and 8 have in common
is used.
"""
