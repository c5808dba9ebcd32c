"""What a worker answers on its web port."""

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import faust
import msgspec
from faust.web import Request, Response, View

from stream.events.supply_chain.decode import Rejection
from stream.metrics import Metrics
from stream.pipelines.inquiry import Answer
from stream.transport.health import Health

_FORWARDED = ("X-Forwarded-For", "Forwarded")


def add_pages(app: faust.App, metrics: Metrics, health: Health) -> None:
    """Serve a worker's metrics and how it is."""

    @app.page("/metrics")
    async def metrics_page(view: View, _request: Request) -> Response:
        return view.bytes(metrics.exposition(), content_type="text/plain; version=0.0.4")

    @app.page("/health")
    async def health_page(view: View, _request: Request) -> Response:
        return _answer(view, health.reasons_not_alive())

    @app.page("/ready")
    async def ready_page(view: View, _request: Request) -> Response:
        return _answer(view, health.reasons_not_ready())


def _answer(view: View, reasons: list[str]) -> Response:
    body = {"ok": not reasons, "reasons": reasons}
    return view.json(body, status=503 if reasons else 200)


def add_inquiry_page(app: faust.App, ask: Callable[[bytes], Answer | Rejection]) -> None:
    """Answer at `/financed`, to this machine alone, whether a document that is posted was financed before."""

    class Financed(View):
        async def post(self, request: Any, **_: Any) -> Any:
            # Answers name events and financiers, and the port asks nobody who they are.
            here = ip_address(request.remote or "0.0.0.0").is_loopback  # noqa: S104 - nowhere, in place of nobody
            # A proxy on this machine asks for somebody else.
            if not here or any(name in request.headers for name in _FORWARDED):
                return self.json({"error": "only this machine may ask"}, status=403)
            found = ask(await request.read())
            if isinstance(found, Rejection):
                return self.json({"reason": found.reason, "field": found.field, "detail": found.words}, status=400)
            return self.bytes(msgspec.json.encode(found), content_type="application/json")

    app.page("/financed")(Financed)
