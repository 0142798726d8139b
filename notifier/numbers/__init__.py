"""What holds for a phone number, whoever is on it: opt-outs, holds, numbers that take no texts."""
