"""Which passwords are refused, and that four words are not."""

from __future__ import annotations

import pytest

from notifier.access.password_rules import check_password
from notifier.access.passwords import new_password

CLINIC = ("Glow Skin Clinic", "+1 (212) 555-0100", "up-town", "Dana Ruiz")


def test_common_ones_and_the_clinics_own_words_are_refused_and_four_words_are_not() -> None:
    for common in (
        "password1234", "Password2026!", "P@ssw0rd!!!!", "123456789012", "passwordpassword", "!!qwertyuiop11",
        "iloveyou20262026", "dragon-123456", "12125550100-dana", "aaaaaaaaaaaa",
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"commonest|same few"):
            check_password(common, CLINIC)
    for own in (
        "GlowSkinClinic", "glow-skin-clinic-1", "DanaRuiz2026!", "dana.ruiz.2026", "UpTown-UpTown", "2125550100!!",
        "glow 5550100 glow", "Skin-Clinic-26", "2125550100-up",
    ):  # fmt: skip
        with pytest.raises(ValueError, match="hardly more than"):
            check_password(own, CLINIC)
    for good in ("four words of mine", "correct horse battery staple", "dana likes purple rain", new_password()):
        assert good == check_password(good, CLINIC)
