"""How a booking system's file becomes rows of ours: one TOML file for each shape."""
