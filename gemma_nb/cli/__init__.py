"""The command line, ``python -m gemma_nb``: one module a command."""
