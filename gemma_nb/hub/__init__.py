"""Files of a checkpoint from Kaggle, Hugging Face or disk; needs no keras."""
