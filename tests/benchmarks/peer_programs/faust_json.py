"""faust-streaming: JSON in and out, nothing else."""

import sys

import faust

servers, source, target, group, folder = sys.argv[1:]
app = faust.App(group, broker=f"kafka://{servers}", datadir=folder, web_enabled=False, topic_disable_leader=True)
read = app.topic(source, key_serializer="raw", value_serializer="json")
written = app.topic(target, key_serializer="raw", value_serializer="json")


@app.agent(read)
async def copy(stream):
    async for key, event in stream.items():
        await written.send(key=key, value=event)


faust.Worker(app, loglevel="WARN", redirect_stdouts=False).execute_from_commandline()
