"""Runtimes: detection of this machine, and a table of known ones."""
