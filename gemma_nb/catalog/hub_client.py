"""Requests through huggingface_hub's session, of which every answer is read up to a limit.

The client reads an answer of the API whole, and unpacks it; an endpoint (``HF_ENDPOINT``) decides
how long it is. huggingface_hub 1 has a session of httpx and huggingface_hub 2 one of httpx2; before,
it was one of requests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

#: The most bytes of an answer of a hub's API. Kaggle's page of a list has some 50 kB; what Hugging
#: Face says of 10,000 files, the most that are read (``hub_answers``), has some 3 MB.
MAX_ANSWER = 16 * 2**20
#: Seconds to wait for an answer, and for its next bytes.
TIMEOUT = 30
#: Headers of each request: an answer must come as long as it is read. A few bytes of a compressed
#: one can become gigabytes.
UNCOMPRESSED = {"Accept-Encoding": "identity"}

#: The most bytes of an answer to this thread; None where there is no limit.
_LIMIT: ContextVar[int | None] = ContextVar("_LIMIT", default=None)


class UnboundedAnswer(ValueError):
    """A hub's answer is longer than any that a hub gives, or compressed though it was not to be."""


@contextmanager
def limited_answers(most: int) -> Iterator[None]:
    """Limits what huggingface_hub reads in this block, in this thread.

    The session is shared with all that use huggingface_hub in this process: to them the hook that is
    added does nothing.

    Args:
        most: the bytes of an answer. The client raises ``UnboundedAnswer`` for a longer one.
    """
    from huggingface_hub import get_session

    session: Any = get_session()
    hooks = getattr(session, "event_hooks", None) or session.hooks
    if _read_limited not in hooks["response"]:
        hooks["response"].append(_read_limited)
    token = _LIMIT.set(most)
    try:
        yield
    finally:
        _LIMIT.reset(token)


def _read_limited(response: Any, **_: Any) -> None:
    """A hook of the session, which calls it before the body is read: reads the body."""
    most = _LIMIT.get()
    if most is None:
        return
    if (response.headers.get("Content-Encoding") or "identity").lower() != "identity":
        raise UnboundedAnswer("compressed")
    keep_body(response, read_up_to(_chunks(response), most + 1))
    if len(response.content) > most:
        raise UnboundedAnswer("too long")


def read_response(url: str, headers: Mapping[str, str], most: int) -> tuple[Any, bytes]:
    """A response to the client's session, and its body up to ``most`` bytes; the rest is not read.

    Args:
        url: the address.
        headers: those of the request.
        most: bytes.
    """
    from huggingface_hub import get_session

    session: Any = get_session()
    if callable(getattr(session, "stream", None)):
        opened = session.stream("GET", url, headers=headers, timeout=TIMEOUT)
    else:
        opened = session.get(url, headers=headers, stream=True, timeout=TIMEOUT)
    with opened as response:
        body = read_up_to(_chunks(response), most)
    keep_body(response, body)  # errors read it
    return response, body


def read_up_to(chunks: Iterable[bytes], most: int) -> bytes:
    """The first ``most`` bytes of a body; what follows is not read."""
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) >= most:
            break
    return bytes(body[:most])


def keep_body(response: Any, body: bytes) -> None:
    """Gives a response the body that was read of it, where requests, httpx and httpx2 keep it."""
    response._content = body  # noqa: SLF001


def _chunks(response: Any) -> Iterator[bytes]:
    """The body of a response in small parts, as it came."""
    raw = getattr(response, "iter_raw", None)
    chunks: Iterator[bytes] = raw() if raw else response.iter_content(2**16)
    return chunks
