"""What the demo models are made of: text, tokenizer, training and evaluation."""
