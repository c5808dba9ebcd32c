from pathlib import Path

import numpy as np

from stream.metrics import DEFINITIONS, Metrics, metrics_page
from stream.settings import settings_page
from stream.transport.permissions import security_page

DOCS = Path(__file__).parents[2] / "docs"


def test_the_pages_of_metrics_and_settings_are_what_the_code_says():
    assert (DOCS / "metrics.md").read_text() == metrics_page()
    assert (DOCS / "settings.md").read_text() == settings_page()


def test_the_page_of_security_lists_the_permissions_that_the_code_asks_for():
    page = (DOCS / "security.md").read_text()
    assert security_page(page) == page


def test_every_metric_can_be_written_and_is_exposed():
    metrics = Metrics()
    metrics.events_scored(["x"], np.array([0.1]))
    for item in DEFINITIONS:
        if item.name in ("foreshot_events", "foreshot_event_to_score_seconds"):
            continue
        labels = dict.fromkeys(item.labels, "x")
        {"counter": metrics.count, "gauge": lambda n, **k: metrics.gauge(n, 1.0, **k),
         "histogram": lambda n, **k: metrics.observe(n, [0.1], **k)}[item.kind](item.name, **labels)  # fmt: skip
    text = metrics.exposition().decode()
    assert all(item.name in text for item in DEFINITIONS)
