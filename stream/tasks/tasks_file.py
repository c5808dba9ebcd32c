"""Reads a tasks file: YAML, every error with the file, the entry and the field."""

import difflib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from stream.errors import UsageError
from stream.events.business_line import DurationS
from stream.events.line_roles import Declared, Roles
from stream.events.yaml_marks import MarkedYaml, Place, dotted, read_yaml
from stream.text.open_embedder import DEFAULT_MODEL

Scalar = str | bool | int | float
Section = Literal["train", "validation", "test", "lines"]
SECTIONS: tuple[Section, ...] = ("train", "validation", "test", "lines")


def _listed(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


def _with_row_number(value: object) -> object:
    return {"event_id": {"field": "row", "row": True}, **value} if isinstance(value, dict) else value


def _epoch_s(value: object) -> object:
    if value is None:
        return None
    try:
        # YAML reads a date as one.
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise ValueError("must be an ISO 8601 time, such as 2018-07-11") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


Values = Annotated[tuple[Scalar, ...], BeforeValidator(_listed), Field(min_length=1)]
Columns = Annotated[tuple[str, ...], BeforeValidator(_listed)]
TimeS = Annotated[float | None, BeforeValidator(_epoch_s)]


class Entry(Declared):
    """One line, or with `each` one for every value of columns.

    Attributes:
        name: Of the line; with `each`, what the lines' names begin with; with a file of several
            lines, which of them is meant, or what their names begin with.
        events: Parquet file.
        label: Column that is 1 or true for fraud; a line file names its own.
        line: Line file; all of its lines are taken, or the one of this entry's name.
        roles: Which column plays which role; `event_id` may be left out.
        features: Columns of a plain table.
        currency: Of the amounts of `roles`.
        extra: Further columns of numbers beside those that roles make; their logarithm is taken.
        categorical: Further columns, of which each different value becomes a number.
        where: Column and value, or one of several values.
        since_s: Only events from this time on.
        until_s: Only events before this time.
        time: Column of a plain table by which it is ordered; without, a random order.
        kind: What a subject is, for persons.
        label_delay_s: How long labels take.
        each: Columns; each crossing of their values is a line.
        values: The only values of these columns to take.
        groups: By column and a group's name, the values that are one.
        least_frauds: Lines of `each` with fewer are left out.
        repeat_columns: Rows equal in all of these repeat one another.
        text: Column of words, made into further features.
        text_model: What turns them into vectors: `wordllama`, or the folder of a BERT-like model.
        text_dimensions: To how many features the vectors are reduced.
    """

    name: str | None = None
    events: str
    label: str | None = None
    line: str | None = None
    roles: Annotated[Roles | None, BeforeValidator(_with_row_number)] = None
    features: Columns | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"
    extra: Columns = ()
    categorical: Columns = ()
    where: dict[str, Values] = Field(default_factory=dict)
    since_s: TimeS = Field(None, alias="from")
    until_s: TimeS = Field(None, alias="until")
    time: str | None = None
    kind: str = ""
    label_delay_s: DurationS | None = Field(None, alias="label_delay", ge=0)
    each: Columns = ()
    values: dict[str, Values] = Field(default_factory=dict)
    groups: dict[str, dict[str, Values]] = Field(default_factory=dict)
    least_frauds: int = Field(30, ge=2)
    repeat_columns: Columns = ()
    text: str | None = None
    text_model: str = DEFAULT_MODEL
    text_dimensions: int = Field(8, ge=1, le=64)

    @model_validator(mode="before")
    @classmethod
    def _values_of_the_column(cls, content: Any) -> Any:
        # With one column its values need not name it.
        if isinstance(content, dict) and isinstance(content.get("values"), list) and "each" in content:
            return {**content, "values": dict.fromkeys(_columns(content["each"]), content["values"])}
        return content

    @model_validator(mode="after")
    def _fit_together(self) -> "Entry":
        if sum(one is not None for one in (self.line, self.roles, self.features)) != 1:
            raise ValueError("must give exactly one of line, roles and features")
        if self.line is None and self.label is None:
            raise ValueError("must give label: the column that says what is fraud")
        if self.features is None and self.time is not None:
            raise ValueError("time is for plain tables; roles have occurred_at")
        if (
            self.features is not None
            and self.time is None
            and (self.since_s, self.until_s, self.label_delay_s) != (None,) * 3
        ):
            raise ValueError("from, until and label_delay need time")
        if self.name is None and not self.each and self.line is None:
            raise ValueError("must give name")
        if outside := [one for one in (*self.values, *self.groups) if one not in self.each]:
            raise ValueError(f"values and groups are of columns in each, and {outside[0]} is none")
        return self


def _columns(each: Any) -> list[str]:
    return [str(one) for one in each] if isinstance(each, list) else [str(each)]


class TasksFile(Declared):
    """A whole file: lines for training, validation and test, or lines that are dealt to folds."""

    train: tuple[Entry, ...] = ()
    validation: tuple[Entry, ...] = ()
    test: tuple[Entry, ...] = ()
    folds: int | None = Field(None, ge=2, le=50)
    lines: tuple[Entry, ...] = ()

    @model_validator(mode="after")
    def _fit_together(self) -> "TasksFile":
        if (self.folds is None) != (not self.lines):
            raise ValueError("folds and lines go together: lines are dealt to folds")
        if self.lines and (self.train or self.validation or self.test):
            raise ValueError("must give either lines with folds, or train, validation and test")
        if not self.lines and not (self.test and (self.train or self.validation)):
            raise ValueError("must give test lines and train lines, or lines with folds")
        if len({(one.text_model, one.text_dimensions) for one in self.with_text}) > 1:
            raise ValueError("all entries with text must have the same text_model and text_dimensions")
        return self

    @property
    def with_text(self) -> list[Entry]:
        """The entries whose words are features."""
        return [one for section in SECTIONS for one in self.entries(section) if one.text is not None]

    def entries(self, section: Section) -> tuple[Entry, ...]:
        """Return the entries of a section."""
        found: tuple[Entry, ...] = getattr(self, section)
        return found


def load_tasks(path: Path) -> TasksFile:
    """Return what a tasks file declares.

    `defaults:` stands for every entry that does not say otherwise.

    Raises:
        UsageError: It cannot be read or does not fit; says file, line, column, entry and field.
    """
    document = read_yaml(path)
    content = document.content
    if not isinstance(content, dict):
        raise document.error((), "must be a mapping with train, validation and test, or folds and lines")
    try:
        return TasksFile.model_validate(_with_defaults(document, content))
    except ValidationError as error:
        # Unknown keys first: a misspelt one is why another is missing.
        first = min(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
        raise _explained(document, first) from error


def _with_defaults(document: MarkedYaml, content: dict[str, Any]) -> dict[str, Any]:
    shared = content.get("defaults", {})
    if not isinstance(shared, dict):
        raise document.error(("defaults",), "defaults: must be a mapping")
    made = {key: value for key, value in content.items() if key != "defaults"}
    for section in SECTIONS:
        if isinstance(made.get(section), list):
            made[section] = [{**shared, **one} if isinstance(one, dict) else one for one in made[section]]
    return made


def entry_words(section: str, at: int, name: str | None) -> str:
    """Return how messages name an entry."""
    return f"{section} entry {at + 1}" + (f" ({name})" if name else "")


def _explained(document: MarkedYaml, error: ErrorDetails) -> UsageError:
    place = tuple(part for part in error["loc"] if part not in ("str", "bool", "int", "float"))
    entry, field = "", place
    if len(place) >= 2 and place[0] in SECTIONS:
        section, at = str(place[0]), int(place[1])
        given = document.content[section][at]
        name = given.get("name") if isinstance(given, dict) else None
        entry, field = f"{entry_words(section, at, name)}: ", place[2:]
    shown = f"{dotted(field)}: " if field else ""
    return document.error(place, f"{entry}{shown}{_words(error, field)}")


def _words(error: ErrorDetails, field: Place) -> str:
    if error["type"] == "missing":
        return "is missing"
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(field[-1]), _known(field[:-1], Entry), 1)
        return "is not known here" + (f"; did you mean {near[0]}?" if near else "")
    words = error["msg"].removeprefix("Value error, ").replace("Input should", "must")
    return words[:1].lower() + words[1:]


def _known(inside: Place, model: type[BaseModel]) -> list[str]:
    chosen = Roles if inside[:1] == ("roles",) else model
    return [field.alias or name for name, field in chosen.model_fields.items()]
