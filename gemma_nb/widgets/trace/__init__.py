"""The panel that shows what happens inside a model: probabilities, layers, attention."""
