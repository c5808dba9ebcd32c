"""Meta-learning: one shared initialisation, adapted to a task from a handful of labels."""
