"""The command line: one file per group of commands; each reads its words, calls one story and shows the answer."""
