"""A request, then computing: a spin of the time that the digest takes in C++."""

import asyncio
import time

from fetch import fetch
from measure import Run, spin, with_heartbeat

run = Run()
port, served, requests = run.count("port"), run.count("served"), run.count("requests")
kernel_us = int(run.number("kernel_us"))
in_threads = run.strategy == "python_asyncio_to_thread"
latencies = [0.0] * requests
total = 0


async def work(i):
    global total
    body = await fetch(port, i % served)
    compute_us = kernel_us * min(len(body), 4096) // 4096
    if in_threads:
        await asyncio.to_thread(spin, compute_us)
    else:
        spin(compute_us)
    total += len(body)
    latencies[i] = (time.perf_counter() - run.wall) * 1e6


async def main():
    return await with_heartbeat(asyncio.gather(*(work(i) for i in range(requests))))


run.heartbeat_lags_us(run.measure(main()))
run.check(total)
run.rate("requests_per_s", requests)
run.latencies_us(latencies)
run.report()
