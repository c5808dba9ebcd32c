import json


def test_a_rollback_says_what_it_did_as_json(foreshot, monkeypatch):
    done = []
    monkeypatch.setattr("stream.transport.weights_admin.roll_back", lambda *at, **why: done.append((at[1:], why)))
    made = foreshot("weights", "rollback", "cards", "2", "--reason", "alerts doubled", "--by", "ana", "--json")
    assert made.code == 0
    assert done == [(("cards", 2), {"by": "ana", "reason": "alerts doubled"})]
    assert json.loads(made.out) == {"line": "cards", "version": 2, "by": "ana", "reason": "alerts doubled"}
