"""Variants and precisions side by side, measured one after another on this machine."""
