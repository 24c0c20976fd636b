"""A flight's port as small as it can be: one client is sent telemetry, and what it sends is kept."""

import socket
import threading
import time

TOKEN = "of-this-test"


class SmallPort:
    """Listens on `port`; `lines` are what clients said first, `commands` the packets of those that came after; `answer` is called with each."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.lines, self.commands, self.client = [], [], None
        self.answer = lambda packet: None
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            stream = client.makefile("rb")
            self.lines.append(stream.readline())
            self.client = client
            while header := stream.read(6):
                packet = header + stream.read(int.from_bytes(header[4:6], "big") + 1)
                self.commands.append(packet)
                self.answer(packet)

    def send(self, data):
        assert within(20, lambda: self.client is not None)
        self.client.sendall(data)

    def close(self):
        self.server.close()


def within(seconds, holds):
    """Whether something becomes true in time."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True
