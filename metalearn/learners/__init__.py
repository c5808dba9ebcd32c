"""Meta-learners: what one initialisation is, how it adapts to a task, and what the outer loop lowers."""
