"""One feature: its name, whose state it is made from, and how it is told to a person."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Side = Literal["subject", "counterparty"]


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the feature vector.

    Attributes:
        name: Unique; part of the specification's hash.
        side: Whose state it is made from.
        text: Told to a person, with `{value}` (after `to_display`) and `{kind}` (card, account).
        to_display: From the raw feature to what a person reads.
        text_if_not: Told instead where the displayed value is 0, for yes-or-no features.
        from_labels: Whether it is made of labels: its spread tells how much of a line is
            labelled, not what the line is like.
        absent: Stands where the feature does not apply or nothing is known yet, and is never told; None where it always
            applies. A change of it needs another version of the specification.
        movable: Whether a fraudster can move it by little without giving up the fraud: the
            amount, the time, the pace. No part of the specification's hash.
    """

    name: str
    side: Side
    text: str
    to_display: Callable[[float], float | str] = float
    text_if_not: str | None = None
    from_labels: bool = False
    movable: bool = False
    absent: float | None = None

    def describe(self, value: float, kind: str = "card") -> str:
        """Return what the raw feature value means, for a person.

        Args:
            value: The feature as it stands in the vector, not standardised.
            kind: What the line calls its subjects.

        Example:
            >>> Feature("weekend", "subject", "at the weekend", text_if_not="on a working day").describe(0.0)
            'on a working day'
        """
        shown = self.to_display(float(value))
        chosen = self.text_if_not if self.text_if_not is not None and shown == 0.0 else self.text
        return chosen.format(value=shown, kind=kind)
