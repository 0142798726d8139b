"""Forgetting patients on time or as they ask, keeping those that a court wants, and handing over all that is known."""
