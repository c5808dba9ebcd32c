"""The wall: what a few-shot model must be better than, each tuned on validation lines."""
