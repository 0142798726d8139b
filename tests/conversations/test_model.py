"""The model beside the rules: it is what the corpus teaches, it adds care, and files what nothing speaks against."""

from __future__ import annotations

from pathlib import Path

import pytest

from notifier.conversations.reading import classify
from notifier.conversations.reading.classify import read_reply
from notifier.conversations.reading.features import features
from notifier.conversations.reading.meanings import Meaning
from notifier.conversations.reading.model import model, read_model
from notifier.conversations.reading.vocabulary import said_of, vocabulary
from tests.replies.corpus import SET_ASIDE, TUNING, digest, messages


def test_the_weights_were_learned_from_the_tuning_half() -> None:
    assert digest(TUNING) == model().corpus, "run: make train"


def test_words_that_nobody_listed_raise_care_and_say_which() -> None:
    read = read_reply("lump is hot and big")
    assert (Meaning.OTHER, True) == (read.meaning, read.urgent)
    assert "hot" in read.why[0]


def test_what_the_rules_are_sure_of_becomes_no_less_careful(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [one.text for one in messages(SET_ASIDE)[::8]]
    with_it = [read_reply(text) for text in texts]
    monkeypatch.setattr(classify, "with_second_opinion", lambda read, *_: read)
    raised = 0
    for text, read in zip(texts, with_it, strict=True):
        alone = read_reply(text)
        assert read.urgent >= alone.urgent, text
        if alone.meaning is not read.meaning:
            assert read.meaning in _MAY_BECOME[alone.meaning], text
        raised += read.urgent > alone.urgent
    assert raised > 0


@pytest.mark.parametrize(
    "text", ["thank you so much?", "thank you so much 😭", "thanks, pus though", "thank you, it is 39.5"]
)
def test_nothing_that_may_need_a_person_is_filed_for_its_thanks(text: str) -> None:
    assert read_reply(text).meaning is Meaning.OTHER


def test_a_stop_that_only_sounds_so_is_honored_and_shown_to_staff() -> None:
    read = read_reply("my phone can live without your little bulletins, quit already")
    assert (Meaning.STOP, False) == (read.meaning, read.alone)


def test_its_sums_are_scikit_learns(tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is installed by `make train` alone")
    from tests.replies.train import examples_of, learn, write  # noqa: PLC0415  # it imports scikit-learn

    written = messages(TUNING)[::80]
    learned = learn(examples_of(written))
    write(learned, {}, tmp_path / "weights.txt")
    read, known = read_model(tmp_path / "weights.txt"), vocabulary()
    for one, theirs in zip(written, learned.sums(examples_of(written)), strict=True):
        ours = read.weigh(features(said_of(one.text, known), known)).sums
        assert list(ours) == pytest.approx(theirs.tolist(), abs=0.4), one.text


_MAY_BECOME = {
    Meaning.OTHER: {Meaning.PERHAPS_STOP, Meaning.WRONG_PERSON, Meaning.STOP, Meaning.HARMLESS},
    Meaning.HARMLESS: {Meaning.PERHAPS_STOP, Meaning.WRONG_PERSON, Meaning.STOP, Meaning.OTHER},
}
