"""Which scores become alerts, within a line's daily budget."""
