"""The page that says whether a document in hand was financed before."""

import asyncio
import json
from types import SimpleNamespace
from wsgiref.headers import Headers

import msgspec
import pytest

from stream.events.supply_chain.decode import Rejection
from stream.ledger.match import Side
from stream.pipelines.inquiry import Answer, Finding
from stream.transport.pages import add_inquiry_page

FOUND = Answer([Finding(Side("fr-1", 0, "assignment", 1.0), "exact", 1.0, False, 0)], [2])


class AppThatKeepsItsPages:
    def page(self, path):
        def keep(view):
            self.path, self.view = path, view
            return view

        return keep


class Asked(SimpleNamespace):
    async def read(self):
        return self.body


def post(body, remote="127.0.0.1", headers=None):
    app, asked = AppThatKeepsItsPages(), []

    def ask(document):
        asked.append(document)
        return FOUND if document == b"invoice" else Rejection("unreadable", None, "is not JSON")

    add_inquiry_page(app, ask)
    assert app.path == "/financed"
    view = app.view.__new__(app.view)
    view.json = lambda value, status=200: (status, value)
    view.bytes = lambda value, content_type: (200, json.loads(value)) if content_type == "application/json" else None
    request = Asked(body=body, remote=remote, headers=Headers([*(headers or {}).items()]))
    return (*asyncio.run(view.post(request)), asked)


@pytest.mark.parametrize("remote", ["127.0.0.1", "127.8.8.8", "::1"])
def test_a_document_that_is_posted_from_this_machine_is_answered(remote):
    status, found, _ = post(b"invoice", remote)
    assert status == 200
    assert msgspec.convert(found, Answer) == FOUND


def test_a_document_that_cannot_be_read_gets_its_reason():
    status, found, _ = post(b"{")
    assert (status, found) == (400, {"reason": "unreadable", "field": None, "detail": "is not JSON"})


@pytest.mark.parametrize("remote", ["192.0.2.7", "::ffff:192.0.2.7", None, ""])
def test_other_machines_get_no_answer(remote):
    status, _, asked = post(b"invoice", remote)
    assert (status, asked) == (403, [])


@pytest.mark.parametrize("header", ["X-Forwarded-For", "x-forwarded-for", "Forwarded"])
def test_a_proxy_on_this_machine_that_says_it_asks_for_another_gets_no_answer(header):
    status, _, asked = post(b"invoice", headers={header: "127.0.0.1"})
    assert (status, asked) == (403, [])
