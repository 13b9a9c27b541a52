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
        body = await fetch(port, i % served)
        total += len(body)
        latencies[i] = (time.perf_counter() - run.wall) * 1e6


async def main():
    await asyncio.gather(*(lane() for _ in range(lanes)))


run.measure(main())
run.check(total)
run.rate("requests_per_s", requests)
run.latencies_us(latencies)
run.report()
