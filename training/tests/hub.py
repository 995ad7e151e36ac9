"""A stand-in for the Hub on loopback: repositories, preupload, LFS batch and PUT, verify, one commit as NDJSON."""

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "hf_good"


class Hub:
    """What it keeps, what it was asked, and how it is told to misbehave: `answers[part of a path]` is a list of (status, headers)."""

    def __init__(self):
        self.repos: set[str] = set()
        self.objects: dict[str, bytes] = {}
        self.commits: list[dict] = []
        self.asked: list[str] = []
        self.answers: dict[str, list[tuple[int, dict]]] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": self}))
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def puts(self) -> int:
        return sum(asked.startswith("PUT") for asked in self.asked)


class Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def say(self, status: int, content=None, headers=None):
        body = json.dumps(content if content is not None else {}).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            whole = b""
            while size := int(self.rfile.readline(), 16):
                whole += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return whole
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def told(self) -> bool:
        """Whether this request gets a prepared answer, or is refused for its token."""
        for part, answers in self.hub.answers.items():
            if part in self.path and answers:
                status, headers = answers.pop(0)
                self.say(status, {"error": "as told"}, headers)
                return True
        if not self.path.startswith("/lfs/") and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.say(401, {"error": "Invalid credentials in Authorization header"})
            return True
        return False

    def do_PUT(self):
        content = self.body()
        self.hub.asked.append(f"PUT {self.path}")
        if not self.told():
            oid = hashlib.sha256(content).hexdigest()
            assert self.path == f"/lfs/{oid}"
            self.hub.objects[oid] = content
            self.say(200)

    def do_GET(self):
        self.hub.asked.append(f"GET {self.path}")
        if not self.told():
            self.say(200, {"id": "somebody/model", "sha": "0" * 40, "siblings": [], "xetEnabled": False})

    def do_POST(self):
        content = self.body()
        self.hub.asked.append(f"POST {self.path}")
        if self.told():
            return
        if self.path == "/api/repos/create":
            return self.create(json.loads(content))
        if self.path == "/api/validate-yaml":
            return self.say(200, {"errors": [], "warnings": []})
        if "/preupload/" in self.path:
            files = json.loads(content)["files"]
            large = (".onnx", ".safetensors", ".png")
            return self.say(200, {"files": [{"path": f["path"], "uploadMode": "lfs" if f["path"].endswith(large) else "regular", "shouldIgnore": False} for f in files]})
        if self.path.endswith(".git/info/lfs/objects/batch"):
            return self.batch(json.loads(content))
        if self.path == "/verify":
            return self.say(200 if json.loads(content)["oid"] in self.hub.objects else 404)
        if "/commit/" in self.path:
            return self.commit([json.loads(line) for line in content.splitlines()])
        return self.say(404, {"error": f"the stand-in does not know {self.path}"})

    def create(self, wanted: dict):
        repo = f"{wanted.get('organization') or 'somebody'}/{wanted['name']}"
        known = repo in self.hub.repos
        self.hub.repos.add(repo)
        self.say(409 if known else 200, {"url": f"{self.hub.url}/{repo}", "error": "You already created this model repo"} if known else {"url": f"{self.hub.url}/{repo}"})

    def batch(self, wanted: dict):
        objects = []
        for one in wanted["objects"]:
            actions = {"upload": {"href": f"{self.hub.url}/lfs/{one['oid']}"}, "verify": {"href": f"{self.hub.url}/verify"}}
            objects.append(one if one["oid"] in self.hub.objects else one | {"actions": actions})
        self.say(200, {"transfer": "basic", "objects": objects})

    def commit(self, lines: list[dict]):
        files = {}
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            else:
                files[value["path"]] = self.hub.objects[value["oid"]]
        self.hub.commits.append({"summary": lines[0]["value"]["summary"], "files": files})
        self.say(200, {"commitUrl": f"{self.hub.url}/somebody/model/commit/1", "commitOid": "1" * 40, "success": True})
