"""Weeks of a clinic in minutes: the real engine, a loopback Twilio, time that is set, and the promises counted."""
