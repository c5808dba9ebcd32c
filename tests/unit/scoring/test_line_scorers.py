"""All weights that a worker knows."""

from stream.scoring.line_scorers import LineScorers
from tests.builders.weights import some_weights


def scorers_with(*versions):
    scorers = LineScorers(some_weights(line="", version=0, support_frauds=0))
    for version in versions:
        scorers.put(some_weights(version=version))
    return scorers


def version_of(scorer):
    return scorer.manifest.line, scorer.manifest.version


def test_a_line_without_weights_is_scored_by_the_initialisation():
    scorer = scorers_with().get("unknown", 0)
    assert version_of(scorer) == ("", 0)
    assert scorer.manifest.support_frauds == 0


def test_every_kept_version_can_be_scored_with():
    scorers = scorers_with(1, 2, 3)
    assert [version_of(scorers.get("cards", version)) for version in (1, 2, 3)] == [
        ("cards", 1),
        ("cards", 2),
        ("cards", 3),
    ]


def test_a_dropped_version_is_stood_in_for_by_the_newest_older_one():
    scorers = scorers_with(1, 2, 3)
    scorers.drop("cards", 3)
    assert scorers.find("cards", 3) is None
    assert version_of(scorers.get("cards", 3)) == ("cards", 2)


def test_with_all_older_versions_gone_the_initialisation_stands_in():
    scorers = scorers_with(5)
    assert version_of(scorers.get("cards", 4)) == ("", 0)


def test_another_lines_weights_never_score():
    scorers = scorers_with(1)
    assert scorers.find("loans", 1) is None
    assert version_of(scorers.get("loans", 1)) == ("", 0)


def test_dropping_what_was_never_there_is_no_error():
    scorers = scorers_with(1)
    scorers.drop("loans", 9)
    scorers.drop("cards", 9)
    assert version_of(scorers.get("cards", 1)) == ("cards", 1)


def test_a_version_put_again_takes_the_place_of_the_former():
    scorers = scorers_with(1)
    scorers.put(some_weights(version=1, support_frauds=77))
    assert scorers.get("cards", 1).manifest.support_frauds == 77
