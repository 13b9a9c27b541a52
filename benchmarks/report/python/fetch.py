"""The HTTP client of the asyncio programs: one connection for each request."""

import asyncio


def file_name(i):
    return f"{i // 256}/{i % 256}"


async def fetch(port, i):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET /{file_name(i)} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    writer.write(request.encode())
    response = await reader.read(-1)
    writer.close()
    head, body = response.split(b"\r\n\r\n", 1)
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"unexpected response: {head[:60]!r}")
    return body
