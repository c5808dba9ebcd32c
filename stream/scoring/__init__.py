"""Weights, and the scores, anomalies and reasons they give."""
