"""Hugging Face's Xet storage on loopback: how files are put together, and the chunks they are made of.

The formats are those that hf_xet 1.8 reads (huggingface/xet-core, docs of the CAS API): a file's
reconstruction names ranges of chunks of an object ("xorb"); a chunk has a header of eight bytes (version,
length stored, compression, length) before its bytes. Here each file is one object, stored uncompressed.
"""

import hashlib
import time

CHUNK = 2**15
TOKEN = "xet-token-of-the-tests"


class Cas:
    """The storage; ``hubs.xet = Cas(hubs)`` switches it on.

    Args:
        hubs: the server it belongs to.
    """

    def __init__(self, hubs):
        self.hubs = hubs
        self.status = 0  # what every request is answered with, where it is not 0
        self.flips = 0  # in how many answers a bit is flipped
        self.cuts = 0  # how many answers with bytes end after half of them
        self.slow = 0.0

    def token(self):
        """The storage's address and a token, which Hugging Face gives to the login of the request."""
        return {
            "casUrl": f"{self.hubs.url}/cas",
            "exp": int(time.time()) + 3600,
            "accessToken": TOKEN,
        }

    def answer(self, handler, path):
        """Answers a request to the storage."""
        if self.status:
            return handler._json(self.status, {"error": "busy"})
        kind, _, name = path.removeprefix("/cas/").rpartition("/")
        data = self._file(name)
        if kind == "v1/reconstructions" and data is not None:
            return self._reconstruction(handler, name, data)
        if kind == "xorbs" and data is not None:
            return self._chunks(handler, data)
        return handler._json(404, {"error": "no"})  # v2 too: hf_xet then asks v1

    def _file(self, name):
        every = [*self.hubs.presets.values(), *self.hubs._commits.values()]
        known = (data for files in every for data in files.values())
        return next((d for d in known if hashlib.sha256(d).hexdigest() == name), None)

    def _reconstruction(self, handler, name, data):
        assert handler.headers["Authorization"] == f"Bearer {TOKEN}"
        first, last = _range(handler, len(data))
        if first >= len(data):
            return handler._send(416, b"", {})
        chunks = {"start": first // CHUNK, "end": last // CHUNK + 1}
        begin, end = chunks["start"] * CHUNK, min(chunks["end"] * CHUNK, len(data))
        term = {"hash": name, "unpacked_length": end - begin, "range": chunks}
        at = {"start": begin + 8 * chunks["start"], "end": end + 8 * chunks["end"] - 1}
        where = {"range": chunks, "url": f"{self.hubs.url}/cas/xorbs/{name}", "url_range": at}
        fetch_info = {name: [where]}
        return handler._json(
            200,
            {
                "offset_into_first_range": first - begin,
                "terms": [term],
                "fetch_info": fetch_info,
            },
        )

    def _chunks(self, handler, data):
        stored = bytearray()
        for start in range(0, len(data), CHUNK):
            chunk = data[start : start + CHUNK]
            length = len(chunk).to_bytes(3, "little")
            stored += b"\0" + length + b"\0" + length + chunk
        first, last = _range(handler, len(stored))
        body = stored[first : last + 1]
        if self.flips:
            self.flips -= 1
            body[len(body) // 2] ^= 1
        end = None
        if self.cuts:
            self.cuts -= 1
            end = len(body) // 2
        headers = {"Content-Range": f"bytes {first}-{last}/{len(stored)}"}
        return handler._send(206, bytes(body), headers, end=end, slow=self.slow)


def _range(handler, size):
    first, _, last = handler.headers["Range"].removeprefix("bytes=").partition("-")
    return int(first), min(int(last or size), size - 1)
