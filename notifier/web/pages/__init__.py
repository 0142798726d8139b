"""The staff page: one file for each page."""
