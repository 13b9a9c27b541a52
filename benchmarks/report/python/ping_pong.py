"""One connection, one message at a time."""

import asyncio
import time

from measure import Run

run = Run()
port, round_trips = run.count("port"), run.count("round_trips")
# Made beforehand: what takes long in Python here is not asyncio.
messages = [bytes((n + at) & 255 for at in range(64)) for n in range(256)]
latencies = [0.0] * round_trips


async def main():
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for i in range(round_trips):
        start = time.perf_counter()
        sent = messages[i & 255]
        writer.write(sent)
        if await reader.readexactly(64) != sent:
            raise RuntimeError("another message came back")
        latencies[i] = (time.perf_counter() - start) * 1e6
    writer.close()


run.measure(main())
run.rate("round_trips_per_s", round_trips)
run.latencies_us(latencies)
run.report()
