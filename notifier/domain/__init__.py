"""Pure rules of the worker: planning, states, phone numbers, names, clocks, offices."""
