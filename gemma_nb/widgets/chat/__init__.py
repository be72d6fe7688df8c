"""The panel in which a person talks with a loaded model."""
