"""Ports for servers that cannot bind to port 0."""

import errno
import secrets
import socket

# Below the ephemeral range: no outgoing connection takes a port before its server does.
PORTS = range(10_240, 32_768)


def find_free_port() -> int:
    """Returns a random one on the loopback interface."""
    while True:
        # `random` may be seeded, and would then return the same ports in every process.
        port = secrets.choice(PORTS)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            return port
