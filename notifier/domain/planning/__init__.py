"""What a patient hears and what becomes of it when something changes. Pure."""
