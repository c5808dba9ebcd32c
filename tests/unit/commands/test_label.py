import pytest

GOOD = '{"event_id": "e1", "line": "small-a", "label": "fraud"%s}'


@pytest.fixture(autouse=True)
def pushed(monkeypatch):
    kept = []
    monkeypatch.setattr("stream.transport.label_push.push_labels", lambda _, labels: kept.extend(labels))
    return kept


@pytest.fixture
def label_file(foreshot, tmp_path):
    path = tmp_path / "labels.jsonl"

    def run(content):
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return foreshot("label", "--file", path, "--lines", "tests/lines", "--json")

    return run


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (GOOD % ', "where": "here"', "labels.jsonl:1: where: Extra inputs are not permitted"),
        (
            GOOD.replace("fraud", "genuine") % ', "loss_minor": 5',
            "labels.jsonl:1: Value error, loss_minor must be left",
        ),
        (GOOD % f', "source": {"9" * 5_000}', "labels.jsonl:1: "),
        ("9" * 5_000, "labels.jsonl:1: "),
        ("[" * 100_000, "labels.jsonl:1: is not JSON"),
        ('{"a":' * 100_000, "labels.jsonl:1: is not JSON"),
        ("[]", "labels.jsonl:1: must be a JSON object"),
        (b"\xff\xfe", "labels.jsonl:1: is not JSON"),
        (GOOD % "" + "\n{", "labels.jsonl:2: is not JSON"),
        (GOOD % ', "two\\nlines": 1', "labels.jsonl:1: two lines: Extra inputs"),
    ],
)
def test_a_label_that_cannot_be_read_gets_one_line_with_its_place(label_file, pushed, content, said):
    made = label_file(content)
    assert made.code == 2
    assert said in made.err
    assert len(made.err.splitlines()) == 1
    assert pushed == []


def test_labels_of_a_file_are_pushed_whatever_their_texts_hold(label_file, pushed):
    made = label_file(GOOD % ', "source": "one\u2028two"' + "\r\n\n" + GOOD % "")
    assert made.code == 0
    assert [one.source for one in pushed] == ["one\u2028two", "analyst"]
