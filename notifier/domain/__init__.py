"""Pure rules of the worker: states, outcomes, numbers, names, replies."""
