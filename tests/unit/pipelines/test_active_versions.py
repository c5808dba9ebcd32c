"""Which version scores, now and after a restart."""

from stream.pipelines.active_versions import ActiveVersions
from stream.pipelines.joined_state import JoinedState


def restored(state):
    found = ActiveVersions()
    found.restore(state.drain_changes())
    return found


def test_a_line_starts_with_the_shared_initialisation():
    assert ActiveVersions().version("cards") == 0


def test_a_scheduled_version_holds_once_it_is_taken_and_a_later_one_replaces_it():
    versions = ActiveVersions()
    versions.schedule("cards", 1, 100.0)
    versions.schedule("cards", 2, 50.0)
    assert versions.version("cards") == 0
    assert versions.due == {"cards": 50.0}
    assert versions.take_due("cards") == 2
    assert versions.version("cards") == 2
    assert not versions.due


def test_a_restart_goes_on_with_the_same_version_and_the_same_one_due():
    versions = ActiveVersions()
    versions.schedule("cards", 1, 0.0)
    versions.take_due("cards")
    versions.schedule("cards", 2, 900.0)
    versions.schedule("wallets", 7, 3.0)
    again = restored(versions)
    assert again.version("cards") == 1
    assert again.due == {"cards": 900.0, "wallets": 3.0}
    assert again.take_due("cards") == 2
    assert not versions.drain_changes()


def test_states_under_one_changelog_come_back_each_to_its_own():
    first, second = ActiveVersions(), ActiveVersions()
    first.schedule("cards", 1, 0.0)
    second.schedule("wallets", 2, 0.0)
    changes = JoinedState({b"a": first, b"b": second}).drain_changes()
    ours, theirs = ActiveVersions(), ActiveVersions()
    assert JoinedState({b"a": ours, b"b": theirs}).restore(reversed(changes)) == 2
    assert ours.due == {"cards": 0.0}
    assert theirs.due == {"wallets": 0.0}
