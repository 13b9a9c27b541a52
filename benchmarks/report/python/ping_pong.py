"""One connection, one message at a time."""

import asyncio
import time

from measure import Run

run = Run()
port, round_trips = run.count("port"), run.count("round_trips")
latencies = [0.0] * round_trips


async def main():
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for i in range(round_trips):
        start = time.perf_counter()
        sent = bytes((i + at) & 255 for at in range(64))
        writer.write(sent)
        if await reader.readexactly(64) != sent:
            raise RuntimeError("another message came back")
        latencies[i] = (time.perf_counter() - start) * 1e6
    writer.close()


run.start()
asyncio.run(main())
run.stop()
run.extra("round_trips_per_s", round_trips / run.line["wall_s"])
run.latencies_us(latencies)
run.report()
