"""What an author should change in a protocol: one file for each kind of problem."""
