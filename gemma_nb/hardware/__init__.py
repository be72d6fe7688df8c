"""This machine and known ones: accelerator, memory, environment."""
