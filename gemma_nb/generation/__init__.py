"""Generation: runs KerasHub models with compiled JAX programs that Python drives step by step.

- ``engine`` chooses what runs a model: ``decoder`` (token by token), ``speculative`` (the same with
  an assistant model), ``seq2seq`` (encoder-decoders) or ``embedder`` (embeddings).
- ``decode_programs`` holds the functions that a decoder compiles, ``prefill`` splits prompts,
  ``kv_cache`` keeps a conversation's cache, ``compilation`` compiles.
- ``adapters`` runs KerasHub's own layers with ``attention`` in place of their cache handling.
- ``sampling`` picks tokens, ``detokenizer`` turns them into text, ``stats`` times replies.
- ``media_files``, ``media_inputs`` and ``media_encoders`` bring images and sound into a prompt.
- ``optimized_layers`` and ``gpu`` make the matrix products of a decode step fast.
- ``keras_internals`` holds the private parts of Keras and KerasHub that this package uses.
"""
