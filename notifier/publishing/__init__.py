"""Which protocols may be used: approve, pause."""
