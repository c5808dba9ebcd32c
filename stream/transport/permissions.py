"""What each command needs of Kafka's authorizer, and no more: the source of `docs/security.md`."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from stream.events.business_line import BusinessLine
from stream.events.line_file import load_lines
from stream.pipelines import effects
from stream.settings import Settings
from stream.transport.permission import Permission
from stream.transport.stage import ADAPTING, MATCHING, SCORING
from stream.transport.topics import (
    CLAIM_STATE,
    MATCH_STATE,
    PROFILE_STATE,
    RAISE_STATE,
    REKEYED_SUFFIX,
    SCORE_STATE,
    Topics,
    document_topics,
    line_topics,
    plans,
)

COMMANDS = {
    "score": "`foreshot worker --role score`",
    "learn": "`foreshot worker --role learn`",
    "topics": "`foreshot topics create`, and a worker that makes topics (`FORESHOT_CREATE_TOPICS=true`)",
    "replay": "`foreshot replay`",
    "label": "`foreshot label`, and whoever else writes labels",
    "weights": "`foreshot weights list` and `show`",
    "financed": "`foreshot financed`",
    "rollback": "`foreshot weights rollback`",
    "source": "whoever writes the lines' topics",
    "outputs": "whoever reads scores, alerts, the audit and dead letters, with a group of its own",
}
_WHO = {
    "score": "scorer",
    "learn": "learner",
    "topics": "setup",
    "replay": "replayer",
    "label": "analyst",
    "weights": "viewer",
    "financed": "officer",
    "rollback": "operator",
    "source": "source",
    "outputs": "reader",
}
SECTION = "<!-- made by `python -m stream.transport.permissions`; a test holds the two together -->\n"
_OUTPUTS = (effects.SCORED_EVENTS, effects.ALERTS, effects.ADAPTATIONS, effects.DEAD_LETTERS)


def permissions_of(command: str, settings: Settings, lines: Sequence[BusinessLine]) -> list[Permission]:
    """Return what a command needs, each resource once.

    Args:
        command: One of `COMMANDS`, or `all` for both roles of a worker.
        settings: Give the prefix of topics and the group.
        lines: Whose topics are read or written.
    """
    if command == "all":
        return [one for role in ("score", "learn") for one in permissions_of(role, settings, lines)]
    if command == "topics":
        return _setup(settings, lines)
    wanted: dict[str, list[str]] = defaultdict(list)
    for operation, topics in _topics_of(command, lines).items():
        for topic in topics:
            wanted[Topics(settings.topic_prefix).named(topic)].append(operation)
    if command in ("score", "learn", "replay"):
        for name in _checked(settings, lines) & wanted.keys():
            wanted[name].append("DescribeConfigs")
    of_topics = [Permission("topic", name, tuple(operations)) for name, operations in sorted(wanted.items())]
    return [*of_topics, *_group(command, settings), *_transactional_ids(command, settings)]


def _topics_of(command: str, lines: Sequence[BusinessLine]) -> dict[str, Iterable[str]]:
    sources = line_topics(lines)
    rekeyed = [topic + REKEYED_SUFFIX for topic, rekey in sources.items() if rekey]
    reads_documents = bool(document_topics(lines))
    claims = (effects.DOCUMENT_CLAIMS,) if reads_documents else ()
    matches = (effects.DOCUMENT_MATCHES,) if reads_documents else ()
    states = (PROFILE_STATE, SCORE_STATE, RAISE_STATE, *((CLAIM_STATE,) if reads_documents else ()))
    through = (effects.ENRICHED_EVENTS, effects.ALERT_CANDIDATES, *claims)
    labels = (effects.FRAUD_LABELS, effects.LABELLED_EXAMPLES)
    found: dict[str, dict[str, Iterable[str]]] = {
        "score": {
            "Read": (*sources, *rekeyed, *through, *states, effects.LINE_WEIGHTS),
            "Write": (
                *rekeyed, *through, *states, *matches, effects.SCORED_EVENTS, effects.ALERTS, effects.DEAD_LETTERS,
            ),
            # The roles share a group, and whichever worker leads it deals out the partitions of both.
            "Describe": labels,
        },
        "learn": {
            "Read": (effects.SCORED_EVENTS, *labels, effects.LINE_WEIGHTS, MATCH_STATE),
            "Write": (
                *labels, effects.LINE_WEIGHTS, effects.ADAPTATIONS, effects.ENRICHED_EVENTS, effects.DEAD_LETTERS,
                MATCH_STATE,
            ),
            "Describe": (*sources, *rekeyed, effects.ALERT_CANDIDATES, *claims),
        },
        "replay": {
            "Read": (*sources, *rekeyed, *through, effects.SCORED_EVENTS, *labels),
            "Write": (*sources, effects.FRAUD_LABELS),
        },
        "label": {"Write": (effects.FRAUD_LABELS,)},
        "weights": {"Read": (effects.LINE_WEIGHTS,)},
        "financed": {"Read": (CLAIM_STATE,)},
        "rollback": {"Read": (effects.LINE_WEIGHTS,), "Write": (effects.LINE_WEIGHTS, effects.ENRICHED_EVENTS)},
        "source": {"Write": tuple(sources)},
        "outputs": {"Read": (*_OUTPUTS, *matches)},
    }  # fmt: skip
    return found[command]


def _checked(settings: Settings, lines: Sequence[BusinessLine]) -> set[str]:
    # Topics whose own settings could lose data: a worker looks at them.
    return {plan.name for plan in plans(settings, lines, {}) if plan.is_particular}


def _setup(settings: Settings, lines: Sequence[BusinessLine]) -> list[Permission]:
    checked = _checked(settings, lines)
    return [
        Permission("topic", name, ("Create", "Describe", *(("DescribeConfigs",) if name in checked else ())))
        for name in sorted(plan.name for plan in plans(settings, lines, {}))
    ]


def _group(command: str, settings: Settings) -> list[Permission]:
    operation = {"score": "Read", "learn": "Read", "replay": "Describe"}.get(command)
    return [Permission("group", settings.application, (operation,))] if operation else []


def _transactional_ids(command: str, settings: Settings) -> list[Permission]:
    names = {"score": [SCORING], "learn": [MATCHING, ADAPTING]}.get(command, [])
    return [
        Permission("transactional-id", transactional_id(settings, name, ""), ("Write",), prefixed=True)
        for name in names
    ]


def permissions_section(settings: Settings, lines: Sequence[BusinessLine]) -> str:
    """Return the section of `docs/security.md` that lists every command's permissions, as Markdown."""
    parts = []
    for command, words in COMMANDS.items():
        granted = "\n".join(
            f"kafka-acls $ADMIN {one.arguments(f'User:{_WHO[command]}')}"
            for one in permissions_of(command, settings, lines)
        )
        parts.append(f"### {command}: {words}\n```\n{granted}\n```\n")
    return "\n".join(parts)


def transactional_id(settings: Settings, name: str, partition: object) -> str:
    """Return the transactional id of a partition's transactions, which stages may share."""
    return f"{settings.application}-{settings.topic_prefix}{name}-{partition}"


def security_page(page: str) -> str:
    """Return a page with its section of permissions made anew, for the lines of `lines/demo`."""
    lines = list(load_lines([Path("lines/demo")]).values())
    before, _, _ = page.partition(SECTION)
    return before + SECTION + permissions_section(Settings(), lines)


if __name__ == "__main__":
    file = Path("docs/security.md")
    file.write_text(security_page(file.read_text(encoding="utf-8")), encoding="utf-8")
