"""The scheduler: the timers that run the use cases. It stores nothing; the tables are the truth."""
