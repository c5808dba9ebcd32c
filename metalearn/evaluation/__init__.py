"""Ranking figures and their protocols."""
