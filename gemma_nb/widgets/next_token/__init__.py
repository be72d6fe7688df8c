"""The panel of the next token."""
