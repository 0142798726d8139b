"""Booking webhooks in: what a booking system posts is stored first, and then read as a file of one row."""
