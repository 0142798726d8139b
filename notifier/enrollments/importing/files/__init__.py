"""What booking systems write, as rows of cells."""
