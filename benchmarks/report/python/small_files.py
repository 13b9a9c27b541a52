"""Many small files, read in the loop or in asyncio.to_thread."""

import asyncio
import os
import time

from fetch import file_name
from measure import Run

run = Run()
paths = [run.text("root") + "/" + file_name(i) for i in range(run.count("files"))]
in_threads = run.strategy == "python_asyncio_to_thread"
reads = len(paths) * run.count("passes")
latencies = [0.0] * reads
total = 0


def read_file(path):
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    size = 0
    while got := os.read(file, 65536):
        size += len(got)
    os.close(file)
    return size


for warmed in paths:
    read_file(warmed)


async def read(i):
    global total
    if in_threads:
        size = await asyncio.to_thread(read_file, paths[i % len(paths)])
    else:
        size = read_file(paths[i % len(paths)])
    total += size
    latencies[i] = (time.perf_counter() - run.wall) * 1e6


async def main():
    await asyncio.gather(*(read(i) for i in range(reads)))


run.measure(main())
run.check(total)
run.rate("files_per_s", reads)
run.latencies_us(latencies)
run.report()
