"""Does a variant fit a machine, how fast will it be, and what are the alternatives."""
