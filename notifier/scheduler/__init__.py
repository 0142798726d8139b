"""The scheduler: rings the bells that make the stories run. It stores nothing; the tables are the truth."""
