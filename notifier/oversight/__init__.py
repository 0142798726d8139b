"""What people should know: alerts, health, worklists, why a text left or did not."""
