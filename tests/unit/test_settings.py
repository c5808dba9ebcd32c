import pytest

from stream.errors import UsageError
from stream.settings import load_settings
from stream.transport import dead_letters


def test_a_window_too_short_for_the_dead_letter_limit_to_speak_is_refused():
    least = dead_letters._LEAST_RECORDS
    assert load_settings({"FORESHOT_DEAD_LETTER_WINDOW": str(least)}).dead_letter_window == least
    with pytest.raises(UsageError, match="dead_letter_window"):
        load_settings({"FORESHOT_DEAD_LETTER_WINDOW": str(least - 1)})
