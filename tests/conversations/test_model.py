"""The model beside the rules: it is what the corpus teaches, and it only adds care."""

from __future__ import annotations

import pytest

from notifier.conversations.reading import classify
from notifier.conversations.reading.classify import Meaning, read_reply
from notifier.conversations.reading.features import features
from notifier.conversations.reading.model import model
from notifier.conversations.reading.vocabulary import said_of, vocabulary
from tests.replies.corpus import SET_ASIDE, TUNING, digest, messages


def test_the_weights_were_learned_from_the_tuning_half() -> None:
    assert digest(TUNING) == model().corpus, "run: make train"


def test_words_that_nobody_listed_raise_care_and_say_which() -> None:
    read = read_reply("lump is hot and big")
    assert (Meaning.OTHER, True) == (read.meaning, read.urgent)
    assert "lump" in read.why[0]


def test_it_takes_no_care_away(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [one.text for one in messages(SET_ASIDE)[::4]]
    with_it = [read_reply(text) for text in texts]
    monkeypatch.setattr(classify, "cares_for", lambda said, known: {})
    raised = 0
    for text, read in zip(texts, with_it, strict=True):
        alone = read_reply(text)
        assert read.urgent >= alone.urgent, text
        if alone.meaning not in (Meaning.OTHER, Meaning.HARMLESS):
            assert alone.meaning == read.meaning, text
        elif alone.meaning != read.meaning:
            assert read.meaning in (Meaning.PERHAPS_STOP, Meaning.WRONG_PERSON, Meaning.OTHER), text
        raised += read.urgent > alone.urgent
    assert raised > 0


def test_its_sums_are_scikit_learns() -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is installed by `make train` alone")
    from tests.replies.train import learn  # noqa: PLC0415  # it imports scikit-learn

    texts = [one.text for one in messages(SET_ASIDE)[::25]]
    known = vocabulary()
    ours = [model().scores(features(said_of(text, known), known)) for text in texts]
    for text, mine, theirs in zip(texts, ours, learn(messages(TUNING)).decide(texts), strict=True):
        assert theirs == pytest.approx(mine, abs=0.02), text
