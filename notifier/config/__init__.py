"""Settings and files that a clinic writes, read and explained."""
