"""PNG files with a palette of 64 colours: a quarter of the size, and hardly a difference to see."""

import base64
import struct
import zlib

from playwright.async_api import Page

# The most frequent colours are the palette, before greys what is colourful; any other becomes the nearest.
BUILD_PALETTE_SCRIPT = """
  async (encoded) => {
    const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const canvas = new OffscreenCanvas(image.width, image.height);
    const brush = canvas.getContext("2d");
    brush.drawImage(image, 0, 0);
    const pixels = new Uint32Array(brush.getImageData(0, 0, image.width, image.height).data.buffer);
    const counts = new Map();
    for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
    const channels = (pixel) => [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255];
    const chroma = (pixel) => Math.max(...channels(pixel)) - Math.min(...channels(pixel));
    const weights = new Map([...counts].map(([pixel, count]) => [pixel, count * (1 + chroma(pixel) / 16)]));
    const palette = [...counts.keys()].sort((a, b) => weights.get(b) - weights.get(a) || a - b).slice(0, 64);
    const colours = palette.map(channels);
    const indexes = new Map(palette.map((pixel, index) => [pixel, index]));
    const distance = (one, other) => one.reduce((sum, value, n) => sum + (value - other[n]) ** 2, 0);
    const nearest = (colour) => {
      const distances = colours.map((other) => distance(colour, other));
      return distances.indexOf(Math.min(...distances));
    };
    for (const pixel of counts.keys()) if (!indexes.has(pixel)) indexes.set(pixel, nearest(channels(pixel)));
    const letters = Array.from(pixels, (pixel) => String.fromCharCode(indexes.get(pixel)));
    const { width, height } = image;
    return { width, height, colours: colours.flat(), indexes: btoa(letters.join("")) };
  }
"""


async def reduce_to_palette(page: Page, png: bytes) -> bytes:
    """`page` is one to calculate in: what it shows does not matter."""
    found = await page.evaluate(BUILD_PALETTE_SCRIPT, base64.b64encode(png).decode())
    width, height = found["width"], found["height"]
    indexes = base64.b64decode(found["indexes"])
    rows = b"".join(b"\0" + indexes[start : start + width] for start in range(0, width * height, width))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = [
        (b"IHDR", header),
        (b"PLTE", bytes(found["colours"])),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_build_chunk(name, data) for name, data in chunks)


def _build_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
