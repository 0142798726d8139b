"""iCalendar feeds in: an address that is polled, and read as a file of that calendar."""
