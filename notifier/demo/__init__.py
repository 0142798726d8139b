"""A clinic's two weeks in under a minute: sample patients, a loopback Twilio, a worker that gets killed."""
