"""Enrolling, and the pages of one patient."""
