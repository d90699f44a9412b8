"""The bare reference: an echo in picows (C), with nothing else around it."""

import asyncio
import sys

import picows
import uvloop


class Echo(picows.WSListener):
    """Says back what it hears."""

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if frame.msg_type == picows.WSMsgType.CLOSE:
            transport.disconnect()
        elif frame.msg_type == picows.WSMsgType.TEXT:
            transport.send(picows.WSMsgType.TEXT, frame.get_payload_as_bytes())


async def serve(port: int) -> None:
    """Serves until ended."""
    server = await picows.ws_create_server(
        lambda _: Echo(), "127.0.0.1", port, backlog=4096, read_buffer_init_size=1024
    )
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.install()
    asyncio.run(serve(int(sys.argv[1])))
