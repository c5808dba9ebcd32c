"""What the documents of supply-chain finance say of one another."""
