"""The promises, counted from the provider's ledger and the outbox: for the demo, and for a rehearsal."""
