"""What patients write, and what is replied."""
