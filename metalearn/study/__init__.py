"""Studies: published protocols of meta-learning run again, judged, and held against their figures."""
