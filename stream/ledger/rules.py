"""Which two documents are one financed twice: a function of the two alone."""

from enum import IntEnum

from stream.events.match_reason import RULE_NAMES, RuleName


class Rule(IntEnum):
    """How near two documents are, the surest first.

    The first seven have the same two parties, the last two have not.
    """

    EXACT = 1  # number, and amount and day as far as they are told
    SHIFTED_DATE = 2  # number and amount; the day of issue or payment moved
    OTHER_AMOUNT = 3  # number and day; the amount rounded, split or replaced
    SAME_NUMBER = 4  # number; the amount differs by at most a twentieth, and the day by less than three weeks
    EDITED_NUMBER = 5  # amount and day; one character of the number, or two that stand side by side
    EXTENDED_NUMBER = 6  # days; what marks a part behind the number, and no greater amount
    RENUMBERED = 7  # amount that is not round, day of issue and of payment
    OTHER_PARTY = 8  # number, amount and day; one party is the same
    OTHER_PARTIES = 9  # long number, amount that is not round, day of issue and of payment

    @property
    def told(self) -> RuleName:
        """Its name in matches."""
        return RULE_NAMES[self - 1]


# A number may begin anew each month, so a short one says little a month later.
SHORT_SHIFT_DAYS = 20
LONG_SHIFT_DAYS = 60
# Twins that a seller wrote one after another are two deliveries.
NEIGHBOURS = 1
NEAR_AMOUNT = 0.05
