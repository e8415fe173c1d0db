"""A network whose only way out is a proxy: a counting HTTP proxy with CONNECT, and TLS servers behind it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def join(
    client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
) -> None:
    await asyncio.gather(pipe(client[0], server[1]), pipe(server[0], client[1]))


@dataclass
class ConnectProxy:
    """`routes` maps each host and port to a port of this machine. `tunnels` are the requested ones."""

    routes: dict[str, int]
    tunnels: list[str] = field(default_factory=list)
    port: int = 0

    @asynccontextmanager
    async def run(self) -> AsyncIterator["ConnectProxy"]:
        server = await asyncio.start_server(self._serve, HOST, 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, target, _ = head.split(" ", 2)
        if method != "CONNECT" or target not in self.routes:
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            writer.close()
            return
        self.tunnels.append(target)
        upstream = await asyncio.open_connection(HOST, self.routes[target])
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await join((reader, writer), upstream)


@asynccontextmanager
async def run_tls_server(port: int, certificate: "Certificate", at: int = 0) -> AsyncIterator[int]:
    """The port, `at` if given, of a TLS server that forwards everything to `port`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await join((reader, writer), await asyncio.open_connection(HOST, port))

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain)
    server = await asyncio.start_server(serve, HOST, at, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@dataclass(frozen=True)
class Certificate:
    """Paths of PEM files. It is for `localhost`, by an authority that no system trusts."""

    authority: Path
    chain: Path

    @classmethod
    def create(cls, folder: Path) -> "Certificate":
        key, at = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        names = [x509.DNSName("localhost"), x509.IPAddress(ip_address(HOST))]
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(at - timedelta(days=1))
            .not_valid_after(at + timedelta(days=2))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        public = certificate.public_bytes(serialization.Encoding.PEM)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        files = cls(folder / "authority.pem", folder / "chain.pem")
        files.authority.write_bytes(public)
        files.chain.write_bytes(private + public)
        return files
