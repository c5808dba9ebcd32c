"""Leaving: a runner ends though its cancellation is swallowed on the way."""

import asyncio
import contextlib

from stream.transport.app import _end


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
