#!/usr/bin/env python3
"""A deployment of a template, from a file to its end, against a server that answers as the directory and the
Resource Manager of Azure do (tokens, PUT and GET of deployments, cancel). The resource group's name tells what
goes wrong: `throttled`, `lost` (the reply of a PUT that has arrived), `failing`, `slow` (ends only when it is
cancelled), `stubborn` (may not be cancelled, and succeeds after that), `fresh` (a group in which nothing goes wrong).

usage: resource_manager.py SLUICE
"""
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.parse

TOKEN = "a-token-of-the-test"
SECRET = "correct horse battery"
FILE = """
deployment "Acme"
variable port = "0"
secret azure_secret from env "AZURE_SECRET"
secret admin from env "ADMIN_PASSWORD"
%s
"""
STEP = """
step "%(group)s" {
  %(phrases)s
  run azure_resource_group {
    subscription = "11111111-2222-3333-4444-555555555555"
    resource_group = "%(group)s"
    template = "site.json"
    parameters { "count" = "3" "site" = "a \\"b\\"" "admin" = admin }
    endpoint = "http://127.0.0.1:${port}/"
    login_endpoint = "http://127.0.0.1:${port}"
    tenant = "acme"
    client = "deployer"
    client_secret = azure_secret
  }
  takes 2s
}
"""
TEMPLATE = {"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0",
            "parameters": {"count": {"type": "int"}, "site": {"type": "string"}, "admin": {"type": "secureString"}},
            "resources": []}
deployments, seen, requests = {}, {}, []


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, body=None, **headers):
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def handle_one(self):
        path = urllib.parse.urlsplit(self.path).path
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        requests.append((self.command, path, text))
        if path == "/acme/oauth2/v2.0/token":
            form = urllib.parse.parse_qs(text)
            if form["client_secret"] != [SECRET]:
                return self.answer(401, {"error": "invalid_client", "error_description": "AADSTS7000215: no"})
            return self.answer(200, {"token_type": "Bearer", "expires_in": 3599, "access_token": TOKEN})
        if path == "/metadata/identity/oauth2/token":
            if self.headers.get("Metadata") != "true":
                return self.answer(400)
            return self.answer(200, {"access_token": TOKEN})
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.answer(401, {"error": {"code": "AuthenticationFailed", "message": "no token"}})
        parts = path.split("/")
        group, name = parts[4], parts[8]
        count = seen[group, self.command] = seen.get((group, self.command), 0) + 1
        if self.command == "PUT":
            if group == "throttled" and count == 1:
                return self.answer(429, {"error": {"code": "TooManyRequests", "message": "slower"}}, Retry_After="1")
            deployments[name] = "Accepted"
            if group == "lost":
                self.close_connection = True
                return self.connection.close()
            return self.answer(201, self.described(name), Retry_After="1")
        if name not in deployments:
            return self.answer(404, {"error": {"code": "DeploymentNotFound", "message": "no such deployment"}})
        if self.command == "POST" and group == "stubborn":
            return self.answer(403, {"error": {"code": "AuthorizationFailed", "message": "you may not"}})
        if self.command == "POST" and parts[9] == "cancel":
            deployments[name] = "Canceled"
            return self.answer(204)
        if deployments[name] == "Accepted":
            deployments[name] = "Running"
        elif deployments[name] == "Running" and group == "stubborn":
            deployments[name] = "Succeeded" if (group, "POST") in seen else "Running"
        elif deployments[name] == "Running" and group != "slow":
            deployments[name] = "Failed" if group == "failing" else "Succeeded"
        return self.answer(200, self.described(name), Retry_After="1")

    @staticmethod
    def described(name):
        properties = {"provisioningState": deployments[name]}
        if deployments[name] == "Failed":
            properties["error"] = {"code": "DeploymentFailed", "message": "a resource failed",
                                   "details": [{"code": "SkuNotAvailable", "message": "none is left"}]}
        return {"name": name, "properties": properties}

    do_GET = do_PUT = do_POST = handle_one


class ResourceManager(unittest.TestCase):
    def setUp(self):
        deployments.clear()
        seen.clear()
        requests.clear()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.folder = tempfile.TemporaryDirectory()
        with open(self.path("site.json"), "w", encoding="utf-8") as file:
            json.dump(TEMPLATE, file)

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()
        self.folder.cleanup()

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def run_file(self, steps, secret=SECRET, arguments=()):
        with open(self.path("site.deploy"), "w", encoding="utf-8") as file:
            file.write(FILE % "".join(STEP % {"group": group, "phrases": phrases} for group, phrases in steps))
        environment = {**os.environ, "AZURE_SECRET": secret, "ADMIN_PASSWORD": "canary-5f1e-admin"}
        return subprocess.run([SLUICE, "run", "site.deploy", "--yes",
                               "--set", f"port={self.server.server_address[1]}", *arguments],
                              cwd=self.folder.name, env=environment, capture_output=True, text=True, check=False)

    def puts(self, group):
        return [text for method, path, text in requests if method == "PUT" and f"/resourcegroups/{group}/" in path]

    def test_a_template_is_deployed_and_waited_for(self):
        done = self.run_file([("fresh", "")])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(list(deployments.values()), ["Succeeded"])
        self.assertEqual(json.loads(self.puts("fresh")[0])["properties"],
                         {"mode": "Incremental", "template": TEMPLATE,
                          "parameters": {"count": {"value": 3}, "site": {"value": 'a "b"'},
                                         "admin": {"value": "canary-5f1e-admin"}}})
        for word in (SECRET, TOKEN, "canary-5f1e-admin"):
            self.assertNotIn(word, done.stdout + done.stderr)
            for folder, _, names in os.walk(self.folder.name):
                for name in names:
                    with open(os.path.join(folder, name), "rb") as file:
                        self.assertNotIn(word.encode(), file.read(), name)

    def test_throttled_and_lost_replies_deploy_once(self):
        done = self.run_file([("throttled", ""), ("lost", "with previous")])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(list(deployments.values()), ["Succeeded", "Succeeded"])
        self.assertEqual((len(self.puts("throttled")), len(self.puts("lost"))), (2, 1))

    def test_failures_are_told_in_the_words_of_the_service_and_what_is_too_slow_is_cancelled(self):
        done = self.run_file([("failing", "on failure continue"), ("slow", "with previous timeout 2s")])
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("a resource failed; SkuNotAvailable: none is left", done.stderr)
        self.assertEqual(sorted(deployments.values()), ["Canceled", "Failed"])

    def test_what_may_not_be_cancelled_is_waited_for_and_has_failed_by_its_timeout(self):
        done = self.run_file([("stubborn", "timeout 1s")])
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertEqual(list(deployments.values()), ["Succeeded"])
        self.assertIn("cannot be cancelled, and goes on: the service answered 403: AuthorizationFailed: you may not",
                      done.stderr)
        self.assertIn("longer than its timeout of 1s, and ended well after that", done.stderr)

    def test_who_is_not_let_in_has_deployed_nothing(self):
        done = self.run_file([("fresh", "")], secret="of somebody else")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("AADSTS7000215", done.stderr)
        self.assertNotIn("somebody", done.stdout + done.stderr)
        self.assertEqual(self.puts("fresh"), [])


if __name__ == "__main__":
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
