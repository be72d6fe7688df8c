"""A loopback server that speaks enough of Kaggle's and Hugging Face's protocols for their clients.

It listens on 127.0.0.1 alone, serves what it is given from memory, writes down what it is asked,
and misbehaves on demand. Kaggle's side: kagglesdk 0.1.28 posts to ``/api/v1/models.ModelApiService/…``
and is sent on to a storage. Hugging Face's: huggingface_hub 2.4 reads ``/api/models/…`` and
``/owner/model/resolve/…``, which sends LFS files on to a storage.
"""

import base64
import functools
import hashlib
import json
import ssl
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, unquote, urlparse

#: The only logins that the hubs know.
KAGGLE_LOGIN = "KGAT_9b1f0c77aa52de4860311fe2d7c4b895"
KAGGLE_PAIR = ("student", "77c1d09e5b2a48f6930e1bd2c85af364")
HF_LOGIN = "hf_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
_PAGE = b"<html><body>Please sign in to the school network</body></html>"
_LFS = (".h5", ".safetensors", ".spm", ".model")


@dataclass
class Faults:
    """What goes wrong; ``file`` is the end of the name of the file that it goes wrong with."""

    file: str = ".h5"
    cuts: list = field(default_factory=list)  # shares of the file after which the line goes dead
    always_cut: float | None = None
    ignore_range: bool = False
    flips: int = 0  # how many times a bit is flipped
    page: bool = False
    no_hash: bool = False
    no_md5: bool = False
    no_etag: bool = False
    storage_status: int = 0
    api_status: int = 0
    api_page: bool = False
    login_needed: bool = False
    consent_needed: bool = False
    slow: float = 0.0  # seconds for each 16 KiB
    check_wait: float = 0.0  # seconds before Hugging Face says whether a login may download
    api_busy: int = 0  # how many requests to the hub are answered by 429
    storage_busy: int = 0
    retry_after: str | None = "0"  # what a busy one says


@dataclass
class Asked:
    """One request that came in."""

    method: str
    path: str
    range: str | None
    login: str | None
    status: int


class Hubs:
    """The server; a context manager.

    Args:
        presets: Kaggle handle or Hugging Face name -> {file name: bytes}.
        versions: Kaggle handle -> the version that is there.
        tls: the certificate and its key in one file, for HTTPS.

    At Hugging Face ``main`` is the commit ``COMMIT`` of every name. ``push`` adds revisions, and
    ``renamed`` sends an old name on to the new one.
    """

    def __init__(self, presets, versions=None, tls=None):
        self.presets = presets
        self.versions = versions or {}
        self.renamed = {}
        self.xet = None  # the storage in which Hugging Face's large files lie, hubs.xet.Cas
        self._refs = {}  # Hugging Face name -> {revision: commit}
        self._commits = {}  # Hugging Face name and commit -> {file name: bytes}
        self.faults = Faults()
        self.asked = []
        self.lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.hubs = self
        self._scheme = "http"
        if tls:
            self._scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def url(self):
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    @property
    def storage(self):
        """The same server under another name, as both hubs' storages are other hosts."""
        return f"{self._scheme}://localhost:{self._server.server_address[1]}/storage"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def push(self, repo, revision, files):
        """Makes a branch, tag or reference point to a new commit with these files; gives it back."""
        commit = _git(f"{repo}{revision}{len(self._commits)}".encode())
        self._refs.setdefault(repo, {})[revision] = commit
        self._commits[repo, commit] = files
        return commit

    def commit(self, repo, revision):
        """The commit of a revision, which may be a commit; None where there is none."""
        refs = {"main": COMMIT, **self._refs.get(repo, {})}
        known = {*refs.values(), COMMIT, *(c for r, c in self._commits if r == repo)}
        return refs.get(revision, revision if revision in known else None)

    def files(self, repo, commit):
        """The files of a commit."""
        return self._commits.get((repo, commit)) or self.presets[repo]

    def bodies(self, suffix=".h5"):
        """The requests for the bytes of files of that ending."""
        return [a for a in self.asked if a.method == "GET" and a.path.endswith(suffix)]


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_):
        """A client that was interrupted went away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20
    disable_nagle_algorithm = True

    @property
    def hubs(self):
        return self.server.hubs

    def log_message(self, *_):
        pass

    def do_POST(self):
        length = min(int(self.headers.get("Content-Length") or 0), 10**6)
        body = json.loads(self.rfile.read(length) or b"{}")
        path = urlparse(self.path).path
        if path.startswith("/api/v1/models.ModelApiService/"):
            self._kaggle(path.rpartition("/")[2], body)
        elif path.endswith("AttachDatasourceUsingJwtRequest"):
            self._attach(body)
        elif path.startswith("/kagglehub/models/"):
            self._colab(path.rpartition("/")[2], body)
        else:
            self._json(404, {"message": "no such service"})

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = unquote(urlparse(self.path).path)
        if path.startswith("/storage/"):
            handle, _, name = path.removeprefix("/storage/").partition("//")
            repo, _, commit = handle.partition("@")
            self._body(self.hubs.files(repo, commit)[name], name, goog=repo.count("/") == 3)
        elif "/xet-read-token/" in path and self.hubs.xet:
            self._json(200, self.hubs.xet.token())
        elif path.startswith("/cas/") and self.hubs.xet:
            self.hubs.xet.answer(self, path)
        elif path.startswith("/api/models/"):
            self._hugging_face_api(path.removeprefix("/api/models/"))
        elif "/resolve/" in path:
            self._resolve(path.lstrip("/"))
        else:
            self._json(404, {"error": "no such page"})

    # Kaggle

    def _kaggle(self, call, body):
        faults = self.hubs.faults
        if faults.api_page:
            return self._send(200, _PAGE, {"Content-Type": "text/html"})
        if faults.api_status:
            return self._json(faults.api_status, {"code": faults.api_status, "message": "busy"})
        if self._busy("api_busy"):
            return None
        login = self.headers.get("Authorization")
        pair = base64.b64encode(":".join(KAGGLE_PAIR).encode()).decode()
        if login and login not in (f"Bearer {KAGGLE_LOGIN}", f"Basic {pair}"):
            # an answer that repeats the login: nothing of it may reach the user
            return self._json(401, {"code": 401, "message": f"Unauthenticated: {login}"})
        handle = "/".join(
            str(body[k]) for k in ("ownerSlug", "modelSlug", "framework", "instanceSlug")
        )
        handle = handle.replace("MODEL_FRAMEWORK_", "").replace("/KERAS/", "/keras/")
        preset = self.hubs.presets.get(handle)
        newest = self.hubs.versions.get(handle, 1)
        if preset is None or body.get("versionNumber", newest) != newest:
            return self._json(404, {"code": 404, "message": "Not found"})
        if call == "GetModelInstance":
            return self._json(200, {"versionNumber": newest, "slug": body["instanceSlug"]})
        if call == "ListModelInstanceVersionFiles":
            start = int(body.get("pageToken") or 0)
            names = sorted(preset)[start : start + 3]
            more = str(start + 3) if start + 3 < len(preset) else ""
            listed = [{"name": n, "size": len(preset[n])} for n in names]
            return self._json(200, {"files": listed, "nextPageToken": more})
        if faults.consent_needed or (faults.login_needed and not login):
            return self._json(403, {"code": 403, "message": f"Permission denied: {login}"})
        if body.get("path") not in preset:
            return self._json(404, {"code": 404, "message": "Not found"})
        where = f"{self.hubs.storage}/{handle}//{body['path']}?X-Goog-Signature=abc"
        return self._send(302, b"", {"Location": where})

    def _attach(self, body):
        ref = body["modelRef"]
        handle = "/".join((ref["OwnerSlug"], ref["ModelSlug"], "keras", ref["InstanceSlug"]))
        known = handle in self.hubs.presets
        result = {"mountSlug": handle.rpartition("/")[2], "versionNumber": 1}
        self._json(200, {"wasSuccessful": known, **({"result": result} if known else {})})

    def _colab(self, call, body):
        handle = "/".join((body["owner"], body["model"], body["framework"], body["variation"]))
        if handle not in self.hubs.presets:
            return self._json(404, {"message": "not here"})
        if self.hubs.faults.login_needed and not self.headers.get("Authorization"):
            return self._json(403, {"message": "no"})
        return self._json(200, {"slug": body["variation"]} if call == "mount" else {})

    # Hugging Face

    def _moved(self, before, path):
        """Whether the name is an old one: then the answer is the new address, as the hub's."""
        for old, new in self.hubs.renamed.items():
            if path == old or path.startswith(old + "/"):
                # a relative address, which the client follows (_httpx_follow_relative_redirects)
                where = f"{before}{new}{quote(path.removeprefix(old))}"
                self._send(307, b"", {"Location": where})
                return True
        return False

    def _hugging_face_api(self, path):
        if self._moved("/api/models/", path):
            return None
        listing = "/tree/" in path
        repo, _, rest = path.partition("/tree/" if listing else "/revision/")
        check = repo.endswith("/auth-check")
        repo = repo.removesuffix("/auth-check")
        if not self._may(repo, api=True, gated_is_public=not check):
            return None
        commit = self.hubs.commit(repo, rest or "main")
        if commit is None:
            return self._json(404, {"error": "no"}, {"X-Error-Code": "RevisionNotFound"})
        if check:
            time.sleep(self.hubs.faults.check_wait)
            return self._json(200, {})
        if listing:
            return self._json(
                200, [_entry(*one) for one in sorted(self.hubs.files(repo, commit).items())]
            )
        siblings = []
        for name, data in sorted(self.hubs.files(repo, commit).items()):
            one = {"rfilename": name, "size": len(data), "blobId": _git(data)}
            if name.endswith(_LFS):
                one["lfs"] = {"sha256": _sha256(data), "size": len(data), "pointerSize": 134}
            siblings.append(one)
        gated = (
            "manual" if self.hubs.faults.login_needed or self.hubs.faults.consent_needed else False
        )
        return self._json(
            200, {"id": repo, "modelId": repo, "sha": commit, "gated": gated, "siblings": siblings}
        )

    def _resolve(self, path):
        if self._moved("/", path):
            return None
        repo, _, rest = path.partition("/resolve/")
        if not self._may(repo, api=False, gated_is_public=False):
            return None
        # a revision may have slashes, as a name has
        parts = rest.split("/")
        splits = (("/".join(parts[:i]), "/".join(parts[i:])) for i in range(1, len(parts)))
        found = ((self.hubs.commit(repo, revision), name) for revision, name in splits)
        commit, name = next((f for f in found if f[0]), (None, ""))
        if commit is None:
            return self._json(404, {"error": "no"}, {"X-Error-Code": "RevisionNotFound"})
        data = self.hubs.files(repo, commit).get(name)
        if data is None:
            return self._json(404, {"error": "no"}, {"X-Error-Code": "EntryNotFound"})
        headers = {"X-Repo-Commit": commit}
        if name.endswith(_LFS):
            if self.hubs.xet:
                headers["X-Xet-Hash"] = _sha256(data)
                headers["X-Xet-Refresh-Route"] = (
                    f"{self.hubs.url}/api/models/{repo}/xet-read-token/{commit}"
                )
            headers["X-Linked-Etag"] = f'"{_sha256(data)}"'
            headers["X-Linked-Size"] = str(len(data))
            headers["Location"] = f"{self.hubs.storage}/{repo}@{commit}//{name}?X-Amz-Signature=abc"
            return self._send(302, b"", headers)
        return self._body(data, name, extra={**headers, "ETag": f'"{_git(data)}"'})

    def _may(self, repo, *, api, gated_is_public):
        faults = self.hubs.faults
        login = self.headers.get("Authorization")
        if faults.api_page and api:
            self._send(200, _PAGE, {"Content-Type": "text/html"})
            return False
        if faults.api_status and api:
            self._json(faults.api_status, {"error": "busy"})
            return False
        if api and self._busy("api_busy"):
            return False
        if login and login != f"Bearer {HF_LOGIN}":
            message = "Invalid credentials in Authorization header"
            self._json(401, {"error": f"{message}: {login}"}, {"X-Error-Message": message})
            return False
        if repo not in self.hubs.presets:
            status = 404 if login else 401
            self._json(status, {"error": "no"}, {"X-Error-Code": "RepoNotFound"})
            return False
        if gated_is_public:
            return True
        if faults.consent_needed or (faults.login_needed and not login):
            status = 403 if login else 401
            self._json(status, {"error": "gated"}, {"X-Error-Code": "GatedRepo"})
            return False
        return True

    # both

    def _body(self, data, name, *, goog=False, extra=None):
        faults = self.hubs.faults
        bad = name.endswith(faults.file)
        if bad and faults.storage_status:
            return self._send(
                faults.storage_status, b"<Error/>", {"Content-Type": "application/xml"}
            )
        if bad and self._busy("storage_busy"):
            return None
        if bad and faults.page:
            return self._send(200, _PAGE, {"Content-Type": "text/html"})
        begin = 0
        ranged = self.headers.get("Range")
        kind = "application/json" if name.endswith(".json") else "application/octet-stream"
        headers = {"Content-Type": kind, "Accept-Ranges": "bytes"}
        headers |= {"ETag": f'"{hashlib.md5(data).hexdigest()}"', **(extra or {})}
        if faults.no_etag:
            headers.pop("ETag")
        if goog and not faults.no_hash:
            digest = base64.b64encode(hashlib.md5(data).digest()).decode()
            headers["x-goog-hash"] = f"crc32c={_crc32c(data)},md5={digest}"
            if faults.no_md5:
                headers["x-goog-hash"] = f"crc32c={_crc32c(data)}"
        status = 200
        if ranged and not faults.ignore_range:
            begin = int(ranged.removeprefix("bytes=").partition("-")[0])
            if begin >= len(data):
                return self._send(416, b"", {"Content-Range": f"bytes */{len(data)}"})
            status = 206
            headers["Content-Range"] = f"bytes {begin}-{len(data) - 1}/{len(data)}"
        body = bytearray(data[begin:])
        with self.hubs.lock:
            if bad and faults.flips and body:
                faults.flips -= 1
                body[len(body) // 2] ^= 1
            cut = faults.always_cut if bad else None
            if bad and faults.cuts:
                cut = faults.cuts.pop(0)
        end = len(body) if cut is None else max(0, round(cut * len(data)) - begin)
        return self._send(status, bytes(body), headers, end=end, slow=faults.slow if bad else 0)

    def _busy(self, which):
        """Whether the answer is "too many requests", as often as the faults say."""
        faults = self.hubs.faults
        with self.hubs.lock:
            left = getattr(faults, which)
            setattr(faults, which, max(0, left - 1))
        if left:
            more = {} if faults.retry_after is None else {"Retry-After": faults.retry_after}
            self._json(429, {"error": "busy"}, more)
        return bool(left)

    def _json(self, status, value, headers=None):
        plain = {"Content-Type": "application/json", **(headers or {})}
        self._send(status, json.dumps(value).encode(), plain)

    def _send(self, status, body, headers, end=None, slow=0.0):
        asked = Asked(
            self.command,
            urlparse(self.path).path,
            self.headers.get("Range"),
            self.headers.get("Authorization"),
            status,
        )
        with self.hubs.lock:
            self.hubs.asked.append(asked)
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        end = len(body) if end is None else end
        try:
            step = 2**14
            for at in range(0, end, step):
                self.wfile.write(body[at : min(at + step, end)])
                if slow:
                    time.sleep(slow)
            self.wfile.flush()
        except OSError:
            self.close_connection = True  # the client went away
            return
        if end < len(body):
            self.close_connection = True


_CRC32C = []
for _byte in range(256):
    for _ in range(8):
        _byte = (_byte >> 1) ^ (0x82F63B78 if _byte & 1 else 0)
    _CRC32C.append(_byte)


@functools.cache
def _crc32c(data):
    """Byte by byte, as RFC 3720 has it; as Google's storage writes it."""
    state = 0xFFFFFFFF
    for byte in data:
        state = _CRC32C[(state ^ byte) & 0xFF] ^ (state >> 8)
    return base64.b64encode((state ^ 0xFFFFFFFF).to_bytes(4, "big")).decode()


def _entry(name, data):
    """A file in the list of a repository's tree."""
    entry = {"type": "file", "path": name, "size": len(data), "oid": _git(data)}
    if name.endswith(_LFS):
        entry["lfs"] = {"oid": _sha256(data), "size": len(data), "pointerSize": 134}
    return entry


def _sha256(data):
    return hashlib.sha256(data).hexdigest()


def _git(data):
    return hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest()
