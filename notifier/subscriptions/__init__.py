"""Outgoing webhooks: what happened is posted, signed, to the addresses of other programs."""
