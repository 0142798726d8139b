"""The port to channels that alert people at the clinic."""
