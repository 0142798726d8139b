"""The command line: one file per group of commands; each reads its words, calls one use case and shows its result."""
