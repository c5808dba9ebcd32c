"""The pure steps: a batch and state in, effects out."""
