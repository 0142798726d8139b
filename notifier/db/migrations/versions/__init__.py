"""One file for each step of the schema, in one line: every file names the one before it."""
