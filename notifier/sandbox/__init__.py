"""A loopback Twilio, good enough to fool its own SDK: for the demo and the tests."""
