"""What became of hostile records, and the bounds that dead letters keep."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from stream.events.decode import Rejected
from stream.transport.dead_letters import dead_letter
from tests.faults.hostile_corpus import Hostile
from tests.faults.hostile_worker import MOST_BYTES

MOST_LETTER_BYTES = MOST_BYTES + 8_192
FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass
class Found:
    """What a run came to."""

    records: Counter[str] = field(default_factory=Counter)
    dead: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    timed: Counter[str] = field(default_factory=Counter)
    largest_letter: int = 0
    good: int = 0

    def letters(self, rejected: Iterable[Rejected]) -> None:
        """Make the dead letters, as a runner does, and look at their bounds."""
        for one in rejected:
            letter = dead_letter(one, MOST_BYTES)
            size = len(letter.key or b"") + len(letter.value or b"") + sum(len(k) + len(v) for k, v in letter.headers)
            self.largest_letter = max(self.largest_letter, size)
            self.reasons[one.reason] += 1
            words = b" ".join(value for _, value in letter.headers).decode()
            if size > MOST_LETTER_BYTES or FORBIDDEN.search(words) or "\n" in words:
                self.wrong.append(f"a dead letter of {size} bytes says {words[:200]!r}")

    def book(self, one: Hostile, *, dead: bool) -> None:
        """Count what became of a record."""
        self.records[one.kind] += 1
        (self.dead if dead else self.taken)[one.kind] += 1
        if one.dead and not dead:
            self.wrong.append(f"{one.kind} was taken: {(one.value or b'')[:200]!r}")
