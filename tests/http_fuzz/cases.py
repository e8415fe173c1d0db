"""Bad requests derived from recorded ones: forged, corrupt, too large, malformed."""

import gzip
import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from sandbox.traffic import AppRequest
from tests.http_fuzz.recorder import MARKER, get_route

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
TIMESTAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"
LARGEST = 1024 * 1024
REFUSED = (400, 401, 413)

Path = tuple[str | int, ...]
Headers = dict[str, str | bytes | None]


@dataclass(frozen=True)
class Case:
    """It is correctly signed, `at` seconds from now; `headers` override the correct ones, and None removes
    one. `refused` is the required status; without it, the response may also be a reply."""

    about: str
    body: bytes
    content_type: str = FORM
    at: int = 0
    headers: Headers = field(default_factory=dict)
    refused: int | None = None

    @property
    def payload(self) -> dict[str, Any]:
        """The payload, if the body contains one."""
        text = self.body.decode("utf-8", "replace")
        fields = {} if text.startswith("{") else dict(parse_qsl(text))
        try:
            said = json.loads(fields.get("payload", text)) if "payload" in fields or not fields else fields
        except (ValueError, RecursionError):
            return {}
        return said if isinstance(said, dict) else {}


def encode_payload(request: AppRequest, payload: Any) -> Case:
    """Encoded as Slack does: as a form, a form with JSON in it, or JSON."""
    about = " ".join(get_route(request.payload))
    if request.kind == "command":
        return Case(about, urlencode(payload, doseq=True, errors="surrogatepass").encode())
    text = json.dumps(payload)
    if request.kind == "event":
        return Case(about, text.encode(), JSON)
    return Case(about, urlencode({"payload": text}).encode())


# --- malformed


def nest_lists(depth: int) -> Any:
    value: Any = MARKER
    for _ in range(depth):
        value = [value]
    return value


WRONG_TYPES: list[tuple[str, tuple[Any]]] = [
    ("is true", (True,)),
    ("is a number", (-1,)),
    ("is a text", (MARKER,)),
    ("is a list", ([MARKER],)),
    ("is an object", ({MARKER: MARKER},)),
]
ODD_VALUES: list[Any] = [
    *(value for _, (value,) in WRONG_TYPES),
    None,
    "",
    [],
    {},
    0,
    1.5,
    10**40,
    "0",
    "-1",
    "9" * 40,
    f"\x00{MARKER}",
    f"\ud800{MARKER}",
    MARKER * 500,
    f"http://127.0.0.1:9/{MARKER}",
    f'{{"quote": "{MARKER}"}}',
    f"<!channel> {MARKER}",
    [None],
    [{}],
    [[]],
    {"": None},
    {"id": None},
    {"id": MARKER},
    nest_lists(100),
]


def list_paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of each field and item of a payload, including those in JSON strings."""
    inner = unfold_json(value)
    items = inner.items() if isinstance(inner, dict) else enumerate(inner) if isinstance(inner, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from list_paths(item, (*path, key))


def unfold_json(value: Any) -> Any:
    """The object in a JSON string, such as `private_metadata`; otherwise the value itself."""
    if not isinstance(value, str) or not value.startswith("{"):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def replace_field(payload: Any, path: Path, *to: Any) -> Any:
    """A copy in which the field at `path` is removed, or is `to`."""
    value = deepcopy(unfold_json(payload))
    key, *rest = path
    if rest:
        value[key] = replace_field(value[key], tuple(rest), *to)
    elif to:
        value[key] = to[0]
    else:
        del value[key]
    return json.dumps(value) if isinstance(payload, str) else value


def list_field_cases(requests: list[AppRequest], part: int = 0, parts: int = 1) -> Iterator[Case]:
    """Each field of each route's payload removed, null, and of another type: one of several parts."""
    for number, (request, path) in enumerate(_list_fields(requests)):
        if number % parts == part:
            for what, to in (
                ("gone", ()),
                ("null", (None,)),
                WRONG_TYPES[number // parts % len(WRONG_TYPES)],
            ):
                case = encode_payload(request, replace_field(request.payload, path, *to))
                yield _about(case, f"{'.'.join(map(str, path))} {what}")


def _list_fields(requests: list[AppRequest]) -> Iterator[tuple[AppRequest, Path]]:
    """Each field once per route; all items of a list count as one."""
    seen = set()
    for request in requests:
        for path in list_paths(request.payload):
            alike = (get_route(request.payload), *("*" if isinstance(key, int) else key for key in path))
            if alike not in seen:
                seen.add(alike)
                yield request, path


def _about(case: Case, more: str) -> Case:
    return Case(f"{case.about}: {more}", case.body, case.content_type)


JSON_VALUES: SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def shapes(draw: DrawFn, requests: list[AppRequest]) -> Case:
    """One to three fields are removed or malformed."""
    request = draw(st.sampled_from(requests))
    payload, about = request.payload, []
    for _ in range(draw(st.integers(1, 3))):
        if not (found := list(list_paths(payload))):
            break
        path = draw(st.sampled_from(found))
        to = draw(st.just(()) | st.tuples(st.sampled_from(ODD_VALUES)) | st.tuples(JSON_VALUES))
        payload = replace_field(payload, path, *to)
        about.append(f"{'.'.join(map(str, path))} {'is ' + repr(to[0])[:40] if to else 'gone'}")
    return _about(encode_payload(request, payload), ", ".join(about))


# --- forged

FORGED: list[Headers] = [
    {SIGNATURE: None},
    {TIMESTAMP: None},
    {SIGNATURE: None, TIMESTAMP: None},
    {SIGNATURE: ""},
    {SIGNATURE: "v0="},
    {SIGNATURE: "v0=" + "0" * 64},
    {SIGNATURE: "v0=" + "é" * 64},
    {SIGNATURE: "v1=" + "0" * 64},
    {SIGNATURE: b"\xff\xfe"},
    {SIGNATURE: "v0=" + "a" * 8000},
    {TIMESTAMP: ""},
    {TIMESTAMP: "soon"},
    {TIMESTAMP: "-1"},
    {TIMESTAMP: "0"},
    {TIMESTAMP: "1e9"},
    {TIMESTAMP: "1.5"},
    {TIMESTAMP: "nan"},
    {TIMESTAMP: "²"},
    {TIMESTAMP: "9" * 400},
    {TIMESTAMP: "9" * 5000},
    {TIMESTAMP: b"\xd9\xa1"},
]


@st.composite
def forgeries(draw: DrawFn, requests: list[AppRequest]) -> Case:
    """A known body, signed by somebody else or at another time."""
    case = encode_payload(request := draw(st.sampled_from(requests)), request.payload)
    late = st.integers(310, 10**6) | st.integers(-(10**6), -310)
    latin = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=80)
    at, headers = draw(
        st.tuples(st.just(0), st.sampled_from(FORGED))
        | st.tuples(late, st.just({}))
        | st.tuples(st.just(0), st.fixed_dictionaries({SIGNATURE: latin}))
        | st.tuples(st.just(0), st.fixed_dictionaries({TIMESTAMP: latin}))
    )
    about = f"{case.about}: {at or str(headers)[:80]}"
    return Case(about, case.body, case.content_type, at, dict(headers), refused=401)


# --- corrupt

Corrupt = Callable[[bytes, int], bytes]

CORRUPTIONS: dict[str, Corrupt] = {
    "truncated": lambda body, n: body[: n % len(body)],
    "without its start": lambda body, n: body[n % len(body) :],
    "one byte inserted": lambda body, n: body[: n % len(body)] + bytes([n % 256]) + body[n % len(body) :],
    "one byte changed": lambda body, n: body[: n % len(body)] + bytes([n % 256]) + body[n % len(body) + 1 :],
    "repeated": lambda body, n: body + body,
    "two fields": lambda body, n: body + b"&" + body,
    "zipped": lambda body, n: gzip.compress(body, mtime=0),
    "in a list": lambda body, n: b"[" + body + b"]",
    "in a string": lambda body, n: json.dumps(body.decode()).encode(),
    "in a payload": lambda body, n: b"payload=" + body,
    "after a BOM": lambda body, n: b"\xef\xbb\xbf" + body,
    "after spaces": lambda body, n: b" \n" + body,
    "invalid UTF-8": lambda body, n: body[: n % len(body)] + b"\xff\xc0" + body[n % len(body) :],
    "in UTF-16": lambda body, n: body.decode().encode("utf-16"),
    "empty": lambda body, n: b"",
    "only spaces": lambda body, n: b" " * (n % 50),
    "only numbers": lambda body, n: b"9" * (n % 9000),
    "nested": lambda body, n: b"[" * n + b"]" * n,
    "nested, open": lambda body, n: b'{"a":' * n,
    "nested in a payload": lambda body, n: b"payload=" + b'{"type":' * n + b"1" + b"}" * n,
    "many fields": lambda body, n: b"&".join(b"f%d=1" % i for i in range(n)),
    "many payloads": lambda body, n: b"&".join([b"payload={}"] * n),
    "an SSL check": lambda body, n: b"ssl_check=1&token=" + MARKER.encode(),
    "a URL verification": lambda body, n: json.dumps(
        {"type": "url_verification", "challenge": MARKER * n}
    ).encode(),
    "a malformed URL verification": lambda body, n: (
        b'{"type": "url_verification", "challenge": {"a": [%d]}}' % n
    ),
}
TYPES = [FORM, JSON, "text/plain", "multipart/form-data; boundary=x", f"{JSON}; charset=utf-16", "", "x"]


@st.composite
def bodies(draw: DrawFn, requests: list[AppRequest]) -> Case:
    """Correctly signed, and not what Slack would send."""
    case = encode_payload(request := draw(st.sampled_from(requests)), request.payload)
    how, corrupt = draw(st.sampled_from(list(CORRUPTIONS.items())))
    content_type = draw(st.sampled_from(TYPES))
    number = draw(st.integers(0, 5000))
    return Case(f"{case.about}: {how} ({number}) as {content_type}", corrupt(case.body, number), content_type)


@st.composite
def types(draw: DrawFn, requests: list[AppRequest]) -> Case:
    """A correct body with another content type or encoding."""
    case = encode_payload(request := draw(st.sampled_from(requests)), request.payload)
    content_type, encoding = draw(st.sampled_from(TYPES)), draw(st.sampled_from([None, "gzip", "br", "x"]))
    about = f"{case.about}: as {content_type} {encoding or ''}"
    return Case(about, case.body, content_type, headers={"Content-Encoding": encoding})


@st.composite
def floods(draw: DrawFn, requests: list[AppRequest]) -> Case:
    """More than Slack ever sends, up to 10 MB, whatever the Content-Length."""
    request = draw(st.sampled_from(requests))
    size = draw(st.integers(LARGEST + 1, 10 * LARGEST))
    length = draw(st.sampled_from([None, "", "5", "-5", "many", "9" * 5000, str(size)]))
    body = encode_payload(request, request.payload).body.ljust(size, b"x")
    about = f"{size} bytes, said to be {str(length)[:20]}"
    return Case(about, body, headers={"Content-Length": length}, refused=413)


# Weights out of twenty: malformed payloads vary most.
KINDS_OF_CASE = [*[shapes] * 12, *[bodies] * 4, *[forgeries] * 2, types, floods]


def cases(requests: list[AppRequest]) -> SearchStrategy[Case]:
    return st.sampled_from(KINDS_OF_CASE).flatmap(lambda kind: kind(requests))
