"""Many enrollments from a file."""
