"""The web server: Twilio's webhooks, health, metrics, and the staff page."""
