"""A blocking call in a coroutine (wrong), or in asyncio.to_thread (the remedy)."""

import asyncio
import time

from measure import Run, with_heartbeat

run = Run()
calls = run.count("calls_per_worker") * run.count("workers")
call_s = run.number("call_us") * 1e-6
in_threads = run.strategy == "python_asyncio_to_thread"
latencies = [0.0] * calls


def blocking_call(i):
    start = time.perf_counter()
    time.sleep(call_s)
    latencies[i] = (time.perf_counter() - start) * 1e6


async def call(i):
    if in_threads:
        await asyncio.to_thread(blocking_call, i)
    else:
        blocking_call(i)


async def main():
    run.heartbeat_lags_us(await with_heartbeat(asyncio.gather(*(call(i) for i in range(calls)))))


run.start()
asyncio.run(main())
run.stop()
run.latencies_us(latencies)
run.report()
