"""From the files of a checkpoint to a Keras model."""
