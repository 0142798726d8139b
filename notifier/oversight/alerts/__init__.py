"""Alerts: what raises them, who is told, when, and until when."""
