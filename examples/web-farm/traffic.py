"""Users of the web farm and an observer of HAProxy: what is measured beside what sluice predicts.

Neither knows sluice: the users send requests to the site as browsers do, the observer reads HAProxy's
own `show stat`.
"""
import http.client
import os
import socket
import threading
import time

SITE = "127.0.0.10"
WEB = {f"web-{i}": f"127.0.0.1{i}" for i in range(1, 7)}
USERS = 4
PAUSE_S = 0.015  # of a user between an answer and the next request
SLOW_EVERY, SLOW_MS = 10, 150  # so that there is always a request that must be waited for


class Farm:
    """How a farm that `lab up` has set up is reached: read from its settings."""

    def __init__(self, folder):
        with open(os.path.join(folder, "settings"), encoding="utf-8") as file:
            rows = [line.split()[1].split("=", 1) for line in file]
        self.variables = dict(rows)  # SLUICE_VAR_… as the shell would set them
        self.port = int(self.variables["SLUICE_VAR_web_port"])
        self.socket = os.path.join(folder, "haproxy.sock")

    def release_of(self, server):
        """What this server itself answers, past the load balancer."""
        connection = http.client.HTTPConnection(WEB[server], self.port, timeout=10)
        try:
            connection.request("GET", "/")
            answer = connection.getresponse()
            answer.read()
            return answer.headers["X-Release"] if answer.status == 200 else f"status {answer.status}"
        finally:
            connection.close()


class Traffic:
    """A few users that send one request after the other until they are told to stop."""

    def __init__(self, farm):
        self.farm = farm
        self.sent = 0
        self.failures = []  # (seconds since the start, what went wrong)
        self.answers = []   # (seconds since the start, server, release)
        self.begun = time.monotonic()
        self.stopping = threading.Event()
        self.answered = threading.Condition()
        self.threads = [threading.Thread(target=self.use, args=(i,)) for i in range(USERS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def wait_for_answers(self, more=50):
        """Until so many more requests have been answered, well or not."""
        with self.answered:
            wanted = self.sent + more
            self.answered.wait_for(lambda: self.sent >= wanted)

    def use(self, user):
        keeps_connection = user % 2 == 0  # half of them as a browser does, half with a new one each time
        connection = None
        count = user
        while not self.stopping.is_set():
            count += 1
            path = f"/?work={SLOW_MS}" if count % SLOW_EVERY == 0 else "/"
            if connection is None:
                connection = http.client.HTTPConnection(SITE, self.farm.port, timeout=20)
            problem = self.request(connection, path)
            if problem or not keeps_connection:
                connection.close()
                connection = None
            self.stopping.wait(PAUSE_S)
        if connection is not None:
            connection.close()

    def request(self, connection, path):
        problem, server, release = "", "", ""
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            text = answer.read().decode()
            server, release = answer.headers["X-Server"] or "", answer.headers["X-Release"] or ""
            if answer.status != 200:
                problem = f"status {answer.status} from {server or 'HAProxy'}"
            elif text != f"Acme, release {release}\n":
                problem = f"{server} answered {text!r}"
        except (OSError, http.client.HTTPException) as error:
            problem = f"{type(error).__name__}: {error}"
        with self.answered:
            self.sent += 1
            self.answered.notify_all()
            at = time.monotonic() - self.begun
            if problem:
                self.failures.append((at, problem))
            else:
                self.answers.append((at, server, release))
        return problem


class Observer:
    """Reads from HAProxy, some fifty times a second, which servers it sends requests to."""

    def __init__(self, farm):
        self.farm = farm
        self.looks = 0
        self.changes = []  # (seconds since the start, the servers in service), the first one at the start
        self.begun = time.monotonic()
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def __enter__(self):
        self.look()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()
        self.look()

    def watch(self):
        while not self.stopping.wait(0.02):
            self.look()

    def look(self):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(self.farm.socket)
            connection.sendall(b"show stat\n")
            table = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
        head, *rows = [line.split(",") for line in table.lstrip("# ").splitlines() if line]
        columns = {name: i for i, name in enumerate(head)}
        in_service = frozenset(
            row[columns["svname"]] for row in rows
            if row[columns["pxname"]] == "web" and row[columns["svname"]] in WEB
            and row[columns["status"]] in ("no check", "UP"))
        self.looks += 1
        if not self.changes or self.changes[-1][1] != in_service:
            self.changes.append((time.monotonic() - self.begun, in_service))

    def lowest(self):
        return min(len(servers) for _, servers in self.changes)
