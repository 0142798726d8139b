"""Texts leave and arrive here: the port to an SMS provider, and Twilio behind it."""
