"""Families of supply-chain fraud: each changes the plan of deals that are otherwise like any other."""
