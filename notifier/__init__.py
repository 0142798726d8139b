"""Aftercare texts for skin clinics: the right thing at the right hour, once, and never after STOP."""
