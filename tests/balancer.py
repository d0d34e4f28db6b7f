"""One port before several: a TCP balancer that gives each new connection to the next service, as a cluster does."""

import asyncio
import itertools
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
    with suppress(ConnectionError, OSError):
        writer.write_eof()


@contextmanager
def balanced(ports: Sequence[int]) -> Iterator[str]:
    """Hand out the address of one port whose connections go to the given ports in turn."""
    turn = itertools.cycle(ports)
    loop = asyncio.new_event_loop()
    # The loop itself holds its tasks only weakly: one that waits could be collected as garbage.
    held: set[asyncio.Task[None] | None] = set()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.add(asyncio.current_task())
        its_reader, its_writer = await asyncio.open_connection("127.0.0.1", next(turn))
        try:
            await asyncio.gather(_pass_on(reader, its_writer), _pass_on(its_reader, writer))
        finally:
            for one in (its_writer, writer):
                one.close()
                with suppress(ConnectionError, OSError):
                    await one.wait_closed()
            held.discard(asyncio.current_task())

    server = loop.run_until_complete(asyncio.start_server(connect, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, name="balancer")
    thread.start()

    async def end() -> None:
        server.close()
        open_ones = asyncio.all_tasks() - {asyncio.current_task()}
        for task in open_ones:
            task.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)
        await server.wait_closed()

    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
