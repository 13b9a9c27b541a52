"""Tiny tasks, gathered in batches. The result is that of the C++ forms."""

import asyncio

from measure import Run

run = Run()
tasks, steps, batch = run.count("tasks"), run.count("grain"), run.count("batch")
MASK = (1 << 64) - 1
total = 0


async def work(i):
    global total
    value = i | 1
    for _ in range(steps):
        value = value * 0x9E3779B97F4A7C15 & MASK
        value = (value << 31 | value >> 33) & MASK
    total += value


async def main():
    for start in range(0, tasks, batch):
        await asyncio.gather(*(work(i) for i in range(start, min(start + batch, tasks))))


run.measure(main())
run.check(total & MASK)
run.extra("ns_per_task", run.line["wall_s"] * 1e9 / tasks)
run.report()
