"""Documents of supply-chain finance: what each holds, how it is read, and how it is scored as a transaction."""
