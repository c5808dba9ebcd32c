"""What weights say of themselves."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class WeightsManifest(BaseModel):
    """Travels with a line's weights, inside the same file.

    Attributes:
        line: Business line; empty for the shared initialisation.
        version: Grows by line; 0 is the shared initialisation.
        initialisation: Identifier of the initialisation it was adapted from.
        feature_hash: Of the feature specification it was made for.
        kind: Which scorer runs it; `few_shot` needs what its initialisation shares.
        support_frauds: Labelled frauds it learnt from; 0 means none, only the line's own scale.
        support_genuine: Other rows it learnt from.
        created_at: ISO 8601.
        newest_label_produced_at_ms: Produce time of the newest label it learnt from; 0 for none.
        gate: The gate's figures.
        parent_version: Of the weights it was judged against.
        digest: SHA-256 over arrays and manifest, hex.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    line: str = Field("", max_length=64)
    version: int = Field(0, ge=0)
    initialisation: str
    feature_hash: str
    kind: Literal["network", "few_shot"] = "network"
    support_frauds: int = Field(0, ge=0)
    support_genuine: int = Field(0, ge=0)
    created_at: str
    newest_label_produced_at_ms: int = Field(0, ge=0)
    gate: dict[str, float] = Field(default_factory=dict)
    parent_version: int = Field(0, ge=0)
    digest: str = ""
