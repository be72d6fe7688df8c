"""Two hubs on loopback, and tiny presets for them to serve."""
