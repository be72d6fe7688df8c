"""The panel that shows the text and tokens that a model receives for a conversation."""
