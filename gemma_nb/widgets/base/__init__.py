"""What all panels share.

``panel`` holds the base class, ``controls`` labelled ipywidgets, ``html``, ``markdown`` and
``prompt_view`` make HTML, ``verdict_labels`` names verdicts, ``style`` reads style sheets and
scripts, and ``main_thread`` runs work on the kernel's main thread.
"""
