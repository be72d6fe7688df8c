"""Two hubs on loopback, and tiny presets for them to serve."""

#: What each failure said: case, message, whether the next try succeeded.
ROWS = []
KAGGLE = "keras/tiny/keras/tiny_1b"
SHARDED = "keras/tiny/keras/tiny_sharded"
HF_KERAS = "org/tiny-keras"
HF_SAFE = "org/tiny-safetensors"
