"""How it is told: a value in, text out. Views read no clock, no file and no environment."""
