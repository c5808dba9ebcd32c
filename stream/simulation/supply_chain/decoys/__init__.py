"""Honest behaviour that looks like a fraud: each is to a family of frauds what it is most easily taken for."""
