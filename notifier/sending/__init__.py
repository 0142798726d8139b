"""From a due text to the provider: claim, decide, call."""
