"""A blocking call in a coroutine (wrong), or in asyncio.to_thread (the remedy)."""

import asyncio
import time

from measure import Run, with_heartbeat

run = Run()
calls = run.count("calls_per_worker") * run.count("workers")
call_s = run.number("call_us") * 1e-6
in_threads = run.strategy == "python_asyncio_to_thread"
latencies = [0.0] * calls


async def call(i):
    if in_threads:
        await asyncio.to_thread(time.sleep, call_s)
    else:
        time.sleep(call_s)
    latencies[i] = (time.perf_counter() - run.wall) * 1e6


async def main():
    return await with_heartbeat(asyncio.gather(*(call(i) for i in range(calls))))


run.heartbeat_lags_us(run.measure(main()))
run.latencies_us(latencies)
run.report()
