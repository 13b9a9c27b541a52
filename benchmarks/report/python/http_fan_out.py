"""Many requests at once; lanes take the next one until none is left."""

import asyncio
import time

from fetch import fetch
from measure import Run

run = Run()
port, served, requests = run.count("port"), run.count("served"), run.count("requests")
lanes = run.count("concurrency") or requests
latencies = [0.0] * requests
remaining = iter(range(requests))
total = 0


async def lane():
    global total
    for i in remaining:
        start = time.perf_counter()
        body = await fetch(port, i % served)
        total += len(body)
        latencies[i] = (time.perf_counter() - start) * 1e6


async def main():
    await asyncio.gather(*(lane() for _ in range(lanes)))


run.start()
asyncio.run(main())
run.stop()
run.check(total)
run.extra("requests_per_s", requests / run.line["wall_s"])
run.latencies_us(latencies)
run.report()
