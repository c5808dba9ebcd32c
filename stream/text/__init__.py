"""Words as a few numbers: embeddings of goods descriptions, remittance texts and names, cached and reduced."""
