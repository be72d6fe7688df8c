"""The panel that compares several models on the same prompts."""
