"""A made economy of suppliers, buyers, carriers, warehouses and financiers: its documents and its frauds."""
