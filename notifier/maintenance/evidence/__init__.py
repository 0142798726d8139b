"""Evidence of one patient: consent, STOP and every text with why, which anybody can verify without this program."""
