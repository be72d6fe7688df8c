"""Which Gemma variants exist, and the facts about each of them."""
