"""Telling people at the clinic: by mail, by webhook, by what Apprise knows; and a dead man's switch."""
