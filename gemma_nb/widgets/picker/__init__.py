"""The panel in which a person selects a model that fits, and loads it."""
