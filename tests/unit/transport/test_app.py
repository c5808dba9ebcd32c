"""The worker: a runner ends though its cancellation is swallowed on the way; the web port is not open to all."""

import asyncio
import contextlib

from stream.settings import load_settings
from stream.transport.app import _end, _faust_app
from stream.transport.cluster import Cluster


def test_a_task_that_swallows_its_first_cancellation_is_ended_all_the_same():
    async def deaf_once():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        await asyncio.sleep(60)

    async def work():
        task = asyncio.create_task(deaf_once())
        await asyncio.sleep(0)
        await asyncio.wait_for(_end(task), 10)
        return task.cancelled()

    assert asyncio.run(work())


def test_the_web_port_binds_to_the_loopback_address_unless_told(tmp_path):
    def bound(**given):
        settings = load_settings({}, state_folder=str(tmp_path), **given)
        return _faust_app(settings, Cluster.plain("127.0.0.1:1")).conf.web_bind

    assert bound() == "127.0.0.1"
    assert bound(web_host="192.0.2.7") == "192.0.2.7"
