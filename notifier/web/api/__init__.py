"""The API for other programs: `/api/v1/…`, with a key for each of them. The same use cases as on the staff page."""
