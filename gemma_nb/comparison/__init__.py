"""Variants and precisions side by side, measured one after the other on this machine."""
