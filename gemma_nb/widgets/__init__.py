"""What people see in a notebook: one module a widget, over one shared base.

No rule of the domain lives here. What is shared: ``panel`` (the base class: language, live region,
static copy, mime bundle), ``markup`` (HTML that escapes by construction), ``style`` (the look, in
light and dark themes), ``controls`` (labelled controls), ``main_thread`` (work that has to run on
the main thread). Only what ipywidgets 7.7.1 and 8 have in common is used.
"""
