"""What became of a call and of a text."""
