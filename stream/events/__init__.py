"""What comes in: transactions, labels, business lines, and how they are read."""
