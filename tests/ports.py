"""Ports for servers that cannot be told to take any free one."""

import errno
import secrets
import socket

# Below those that systems give to outgoing connections: no one takes a port by chance before its server does.
PORTS = range(10_240, 32_768)


def find_free_port() -> int:
    """On the loopback; another each time, also in another process."""
    while True:
        # Not of the seeded generator, whose numbers are the same in every process.
        port = secrets.choice(PORTS)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            return port
