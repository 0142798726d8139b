"""What needs a person, open until a person closes it: found from the rows themselves, so that none can be forgotten."""
