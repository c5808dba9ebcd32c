"""Labels back from analysts, and how they become checked weights."""
