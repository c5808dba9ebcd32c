"""Support evidence: columns that say how a row relates to a line's labelled frauds and its background."""
