"""What to say and when. Pure: no clock, no input or output, no database."""
