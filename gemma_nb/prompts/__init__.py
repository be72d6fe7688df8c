"""Prompts in each Gemma's own format: rendered, checked, turned into token ids; replies parsed."""
