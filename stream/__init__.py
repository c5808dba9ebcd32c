"""Foreshot's stream: live topics in, adapted fraud scores out."""
