"""Many who sleep until the same moment."""

import asyncio
import time

from measure import Run

run = Run()
waiters, wait_s = run.count("waiters"), run.number("wait_ms") * 1e-3
lateness = [0.0] * waiters


async def wait(i, until):
    await asyncio.sleep(until - time.perf_counter())
    lateness[i] = max(0.0, time.perf_counter() - until) * 1e6


async def main():
    until = run.wall + wait_s
    await asyncio.gather(*(wait(i, until) for i in range(waiters)))


run.measure(main())
run.extra(
    "bytes_per_waiter", (run.line["peak_rss_bytes"] - run.line["base_rss_bytes"]) / waiters
)
run.latencies_us(lateness)
run.report()
