"""Tasks: a line in a window, and how episodes are drawn from it."""
