"""Which documents were financed before: fingerprints by a keyed hash, a ledger of them, and what matches."""
