"""The key of a clinic in tests."""

from notifier.domain.key_set import LENGTH, KeySet

KEYS = KeySet(b"k" * LENGTH)
