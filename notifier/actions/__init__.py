"""One file, one story: what people and the worker do with enrollments and texts."""
