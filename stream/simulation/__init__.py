"""Made payments and their frauds: the demo's own data."""
