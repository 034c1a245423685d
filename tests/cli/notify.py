"""What `--notify` tells a real web server and a real program: every event, in order, once; and that one which hangs
or fails holds nothing up. Nothing sleeps: what hangs waits at a named pipe or for its connection to be closed.

usage: notify.py SLUICE [unittest's arguments]
"""
import http.server
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

SLUICE = os.path.abspath(sys.argv.pop(1))
CANARY = "canary-of-the-notifier"
FILE = '''
deployment "Shop"
connect local
variable folder: string
secret token from env "SHOP_TOKEN"
role web { target "web-[1..3]" }
step "Deploy" on web window 1 tolerate 1 failure {
  run script """
    echo "unpacking with $TOKEN"
    [ "$target_name" != web-2 ] || exit 3
  """ { environment { TOKEN = token } }
}
step "Check" when always { run "true" }
'''
ASK = '''
deployment "Ask"
connect local
step "Look" { run manual "look at it" }
step "Try" on failure ask { run "exit 4" }
'''


class Server(http.server.ThreadingHTTPServer):
    """Answers with the statuses it is given, then with 200; `hang`: never, until it is closed."""
    daemon_threads = True

    def __init__(self, statuses=(), hang=False):
        self.documents, self.headers, self.statuses = [], [], list(statuses)
        self.closed = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.documents.append(json.loads(body))
                outer.headers.append(self.headers)
                if hang:
                    outer.closed.wait()
                    return
                self.send_response(outer.statuses.pop(0) if outer.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, scheme="http"):
        return f"{scheme}://127.0.0.1:{self.server_address[1]}/hooks/a-secret-path"

    def stop(self):
        self.closed.set()
        self.shutdown()
        self.server_close()


class Notify(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.file = self.path("shop.deploy")
        self.write(self.file, FILE)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, path, text, mode=0o600):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)

    def server(self, *more, **named):
        server = Server(*more, **named)
        self.addCleanup(server.stop)
        return server

    def program(self, text):
        self.write(self.path("hook"), "#!/bin/sh\n" + text, 0o700)
        return self.path("hook")

    @property
    def is_shop(self):
        with open(self.file, encoding="utf-8") as file:
            return file.read() == FILE

    def run_it(self, *words, status=None, command="run", env=None):
        first = [command, self.file, "--yes"] if command == "run" else [command, "--state", self.path(".sluice")]
        if command == "run" and self.is_shop:
            first += ["--set", f"folder={self.folder}"]
        done = subprocess.run([SLUICE, *first, *words], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              env={**os.environ, "SHOP_TOKEN": CANARY, **(env or {})}, timeout=120)
        if status is not None:
            self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def test_what_has_left_its_prediction_is_told_before_the_end(self):
        self.write(self.file, """deployment "Farm"
connect local
step "Update" { run "true" takes 30s to 40s }
""")
        server = self.server()
        self.run_it("--notify", server.url(), status=0)
        events = [row["event"] for row in server.documents]
        self.assertIn("left_prediction", events)
        self.assertEqual((events[0], events[-1]), ("run_started", "run_ended"))

    def test_a_server_is_told_of_each_event_in_order_and_once(self):
        server = self.server()
        self.run_it("--notify", server.url(), status=3)
        told = server.documents
        self.assertEqual([row["event"] for row in told],
                         ["run_started", "target_failed", "step_ended", "step_ended", "run_ended"])
        run = told[0]["run"]
        self.assertEqual([row["id"] for row in told], [f"{run}/1.{n}" for n in range(1, 6)])
        for row, headers in zip(told, server.headers):
            self.assertEqual(row["schema"], "sluice.notification/1")
            self.assertEqual(headers["Content-Type"], "application/json")
            self.assertEqual(headers["Idempotency-Key"], row["id"])
            self.assertNotIn(CANARY, json.dumps(row) + str(headers))
        failed = told[1]
        self.assertEqual([failed[name] for name in ("step", "target", "attempt", "attempts", "what")],
                         ["Deploy", "web-2", 1, 1, "exit status 3"])
        self.assertIn("shop.deploy:8:", failed["place"])
        self.assertEqual(failed["output"], ["unpacking with ***"])
        self.assertIn(f"sluice logs {run} web-2 --state", failed["next"][0])
        self.assertEqual(failed["text"], "Shop: `Deploy` failed on `web-2`, attempt 1 of 1: exit status 3")
        self.assertEqual([told[2][name] for name in ("step", "state", "targets", "succeeded", "failed")],
                         ["Deploy", "degraded", 3, 2, 1])
        self.assertEqual(told[4]["state"], "degraded")
        self.assertEqual(sum(told[4]["census"].values()), 3)

    def test_https_is_spoken_and_the_certificate_is_checked(self):
        if not shutil.which("openssl"):
            self.skipTest("no openssl to make a certificate with")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=hooks",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.path("key"), "-out",
                        self.path("certificate")], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path("certificate"), self.path("key"))
        server = Server()
        server.socket = context.wrap_socket(server.socket, server_side=True)
        self.addCleanup(server.stop)
        self.run_it("--notify", server.url("https"), "--notify-on", "run_ended", status=3,
                    env={"SSL_CERT_FILE": self.path("certificate")})
        self.assertEqual([row["event"] for row in server.documents], ["run_ended"])
        self.assertEqual(server.documents[0]["id"][-4:], "/1.1")
        done = self.run_it("--notify", server.url("https"), "--notify-on", "run_ended", status=3,
                           env={"SSL_CERT_FILE": "/etc/ssl/certs/ca-certificates.crt"})
        self.assertEqual(len(server.documents), 1)
        self.assertIn("1 of 1 notification did not reach `https://127.0.0.1:", done.stderr)

    def test_a_program_gets_its_words_as_they_are_and_the_document_as_input(self):
        hook = self.program('''printf '%s\\n' "$@" > "$(dirname "$0")/words"
cat >> "$(dirname "$0")/told"
env > "$(dirname "$0")/environment"
''')
        self.run_it("--notify", f"{hook} one 'two  three' \"\\$(touch {self.folder}/ran)\" *", status=3)
        with open(self.path("words"), encoding="utf-8") as file:
            self.assertEqual(file.read().split("\n")[:-1],
                             ["one", "two  three", f"$(touch {self.folder}/ran)", "*"])
        self.assertFalse(os.path.exists(self.path("ran")))
        with open(self.path("told"), encoding="utf-8") as file:
            events = [json.loads(line)["event"] for line in file]
        self.assertEqual(events, ["run_started", "target_failed", "step_ended", "step_ended", "run_ended"])
        for name in ("words", "told", "environment"):
            with open(self.path(name), encoding="utf-8") as file:
                self.assertNotIn(CANARY, file.read(), name)

    def test_a_url_from_a_variable_is_shown_to_nobody(self):
        server = self.server()
        hook = self.program('env > "$(dirname "$0")/environment"; exit 5')
        done = self.run_it("--notify", "env:HOOK", "--notify", hook, status=3, env={"HOOK": server.url()})
        self.assertEqual(len(server.documents), 5)
        with open(self.path("environment"), encoding="utf-8") as file:
            self.assertNotIn("a-secret-path", file.read())
        self.assertNotIn("a-secret-path", done.stdout + done.stderr)
        self.assertEqual(done.stderr.count("could not be notified"), 1)
        self.assertIn(f"sluice: `{hook}` could not be notified: exit status 5; the run goes on", done.stderr)
        self.assertIn(f"sluice: 5 of 5 notifications did not reach `{hook}`", done.stderr)

    def test_what_failed_is_tried_again_under_the_same_id(self):
        server = self.server(statuses=[503, 429])
        done = self.run_it("--notify", server.url(), "--notify-on", "run_started,run_ended", status=3)
        run = server.documents[0]["run"]
        self.assertEqual([row["id"] for row in server.documents],
                         [f"{run}/1.1", f"{run}/1.1", f"{run}/1.1", f"{run}/1.2"])
        self.assertNotIn("notif", done.stderr)

    def test_what_is_refused_is_not_tried_again(self):
        server = self.server(statuses=[404, 302])
        done = self.run_it("--notify", server.url(), status=3)
        self.assertEqual(len(server.documents), 5)
        self.assertIn("could not be notified: it answered 404; the run goes on", done.stderr)
        self.assertIn("2 of 5 notifications did not reach `http://127.0.0.1:", done.stderr)

    def test_one_that_hangs_holds_neither_the_run_nor_the_others_up(self):
        hanging = self.server(hang=True)
        well = self.server()
        # The run waits for the program that hangs: were it the other way round, neither would end.
        os.mkfifo(self.path("gate"))
        hook = self.program('trap "" TERM; exec sleep 1000')
        self.write(self.file, 'deployment "Long"\nstep "Work" { run "read -r _ < %s" }\n' % self.path("gate"))
        program = subprocess.Popen([SLUICE, "run", self.file, "--yes", "--notify", hanging.url(), "--notify", hook,
                                    "--notify", well.url()], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True)
        self.addCleanup(program.stdout.close)
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)
        with open(self.path("gate"), "w", encoding="utf-8") as gate:
            gate.write("go\n")
        output = program.stdout.read()
        self.assertEqual(program.wait(), 0, output)
        self.assertIn("Long: succeeded", output)
        self.assertEqual([row["event"] for row in well.documents], ["run_started", "step_ended", "run_ended"])
        self.assertIn("did not reach `http://127.0.0.1:", output)
        self.assertIn(f"did not reach `{hook}`", output)

    def test_who_is_asked_is_told_what_to_look_at_as_it_is_written(self):
        text = "two\nlines, \"quotes\", \u001b[31m, \u202e, \u2603 and \\ $(id)"
        self.write(self.path("hosts.json"), json.dumps(
            {"web": {"hosts": ["w"]}, "_meta": {"hostvars": {"w": {"look": text, "ansible_connection": "local"}}}}))
        self.write(self.file, 'deployment "Ask"\ninventory "hosts.json"\nstep "Look" on web {\n  run manual '
                              '{ instructions = target.look  approvers = ["ada", "bob"] }\n}\n')
        server = self.server()
        self.run_it("--notify", server.url(), status=4)
        asked, = [row for row in server.documents if row["event"] == "operator_needed"]
        self.assertEqual(asked["instructions"], text)
        self.assertEqual(asked["approvers"], ["ada", "bob"])

    def test_questions_pauses_and_resumed_runs_are_told(self):
        self.write(self.file, ASK)
        server = self.server()
        self.run_it("--notify", server.url(), status=4)
        told = server.documents
        self.assertEqual([row["event"] for row in told],
                         ["run_started", "operator_needed", "run_paused", "run_stopped"])
        run = told[0]["run"]
        self.assertEqual(told[1]["question"], "Look@controller")
        self.assertEqual(told[1]["answers"], "approve|reject")
        self.assertEqual(told[1]["instructions"], "look at it")
        self.assertNotIn("approvers", told[1])
        self.assertIn(f"sluice approve {run} \"Look@controller\"", told[1]["next"][0])
        self.assertEqual(told[3]["next"], [f"sluice resume {run} --state {self.path('.sluice')}"])
        state = ["--state", self.path(".sluice")]
        subprocess.run([SLUICE, "approve", run, *state], check=True, capture_output=True)
        del told[:]
        self.run_it("--notify", server.url(), status=4, command="resume")
        self.assertEqual([row["event"] for row in told],
                         ["run_resumed", "step_ended", "target_failed", "operator_needed", "run_paused",
                          "run_stopped"])
        self.assertEqual([row["id"] for row in told], [f"{run}/2.{n}" for n in range(1, 7)])
        self.assertIn("sluice answer", told[2]["next"][-1])
        self.assertEqual(told[3]["answers"], "retry|ignore|exclude|abort")
        subprocess.run([SLUICE, "answer", run, "ignore", *state], check=True, capture_output=True)
        del told[:]
        self.run_it("--notify", server.url(), status=3, command="resume")
        self.assertEqual([row["event"] for row in told], ["run_resumed", "step_ended", "run_ended"])

    def test_what_is_to_be_typed_is_told_so_that_it_can_be_typed_in_any_folder(self):
        self.write(self.file, ASK)
        out = self.path("told")
        name = os.path.basename(self.file)
        for words in (["run", name, "--yes"], ["resume", "--state", ".sluice"]):
            subprocess.run([SLUICE, *words, "--notify", f"sh -c 'cat >> {out}'"], cwd=self.folder, check=False,
                           capture_output=True, stdin=subprocess.DEVNULL)
            subprocess.run([SLUICE, "approve", os.listdir(self.path(".sluice/runs"))[0], "--state", ".sluice"], cwd=self.folder,
                           check=False, capture_output=True)
        with open(out, encoding="utf-8") as file:
            told = [json.loads(line) for line in file.read().replace("}{", "}\n{").split("\n") if line]
        typed = [line for row in told for line in row.get("next", []) if "sluice " in line]
        self.assertTrue(any("sluice answer" in line for line in typed), told)
        self.assertTrue(any("sluice approve" in line for line in typed), told)
        for line in typed:
            self.assertIn(f" --state {self.path('.sluice')}", line)

    def test_a_run_that_is_stopped_by_a_signal_says_so(self):
        for name in ("there", "gate"):
            os.mkfifo(self.path(name))
        self.write(self.file, 'deployment "Long"\nstep "Work" { run "echo > %s; read -r _ < %s" }\n'
                   % (self.path("there"), self.path("gate")))
        server = self.server()
        program = subprocess.Popen([SLUICE, "run", self.file, "--yes", "--notify", server.url()],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(program.stdout.close)
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)
        with open(self.path("there"), encoding="utf-8") as there:
            there.read()
        program.send_signal(signal.SIGHUP)
        self.assertEqual(program.wait(), 129, program.stdout.read())
        self.assertEqual([row["event"] for row in server.documents], ["run_started", "run_stopped"])
        self.assertEqual(server.documents[1]["what"], "stopped by SIGHUP")
        with open(self.path("gate"), "w", encoding="utf-8") as gate:
            gate.write("go\n")

    def test_what_cannot_be_read_is_refused_before_anything_is_done(self):
        for words, said in (
                (["--notify", "ftp://a/b"], "--notify: a URL is one of http or https"),
                (["--notify", "/usr x"], "--notify: there is no program `/usr` that could be started"),
                (["--notify", "."], "--notify: there is no program `.` that could be started"),
                (["--notify", "/not/there x"], "--notify: there is no program `/not/there` that could be started"),
                (["--notify", "sh 'x"], "--notify: it has a ' that is not closed"),
                (["--notify", ""], "--notify: it names no program"),
                (["--notify", "https:///x"], "--notify: the URL has no host"),
                (["--notify", "https://u:password@h/a b"], "--notify: the URL of `https://h` has a blank in it"),
                (["--notify", "env:NONE_OF_THIS_NAME"], "--notify: the environment has no `NONE_OF_THIS_NAME`"),
                (["--notify", "sh", "--notify-on", "run_ended,x"], "--notify-on: there is no event `x`; there are run"),
                (["--notify-on", "run_ended"], "--notify-on: there is no --notify")):
            done = self.run_it(*words, status=2)
            self.assertIn("sluice: " + said, done.stderr)
            self.assertNotIn("password", done.stderr)
        self.assertFalse(os.path.exists(self.path(".sluice/runs")))


if __name__ == "__main__":
    unittest.main(verbosity=2)
