"""Runs examples as programs: their command lines, their signals, a real web server."""

import os
import signal
import socket
import subprocess
import tempfile
import time
import unittest

EXAMPLES = "examples"
LIMIT = 60


def run(name, *arguments, **options):
    return subprocess.run([f"{EXAMPLES}/{name}", *arguments], capture_output=True, text=True,
                          timeout=LIMIT, check=False, **options)


class hello_test(unittest.TestCase):
    def test_hello(self):
        done = run("hello")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "Hello\nWorld\n", ""))


class guest_loop_test(unittest.TestCase):
    def test_every_line_is_answered(self):
        done = run("guest_loop", input="hello\nworld\n" + "more\n" * 200)
        lines = done.stdout.splitlines()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(lines[:2], ["1: hello", "2: world"])
        self.assertEqual(lines[201:], ["202: more", "All 202 lines are answered"])

    def test_its_tasks_go_on_while_the_loop_waits_for_a_line(self):
        guest = subprocess.Popen([f"{EXAMPLES}/guest_loop"], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(guest.communicate)
        self.addCleanup(guest.kill)
        for number in (1, 2):
            guest.stdin.write("still there?\n")
            guest.stdin.flush()
            self.assertEqual(guest.stdout.readline(), f"{number}: still there?\n")


class echo_test(unittest.TestCase):
    def start(self, where):
        server = subprocess.Popen([f"{EXAMPLES}/echo_server", where], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True)
        self.addCleanup(server.communicate)
        self.addCleanup(server.kill)
        line = server.stdout.readline()
        self.assertTrue(line.startswith("listening on "), line)
        return server, line.split()[-1]

    def stop(self, server, with_signal):
        server.send_signal(with_signal)
        out, err = server.communicate(timeout=LIMIT)
        self.assertEqual((server.returncode, out, err), (0, "stopped\n", ""))

    def test_echo(self):
        for where in ("127.0.0.1:0", "[::1]:0"):
            try:
                server, address = self.start(where)
            except AssertionError:
                if where.startswith("127"):
                    raise
                continue  # A machine without IPv6.
            done = run("echo_client", address, input="hello\nworld\n")
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "hello\nworld\n", ""))
            self.stop(server, signal.SIGINT)

    def test_stops_with_clients_connected(self):
        server, address = self.start("127.0.0.1:0")
        client = subprocess.Popen([f"{EXAMPLES}/echo_client", address], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(client.communicate)
        self.addCleanup(client.kill)
        client.stdin.write("hello\n")
        client.stdin.flush()
        self.assertEqual(client.stdout.readline(), "hello\n")
        self.stop(server, signal.SIGTERM)
        client.stdin.write("world\n")
        out, err = client.communicate(timeout=LIMIT)
        self.assertEqual((client.returncode, out), (1, ""))
        self.assertIn("echo_client: ", err)

    def test_port_in_use(self):
        _, address = self.start("127.0.0.1:0")
        done = run("echo_server", address)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn(address, done.stderr)
        self.assertIn("Address already in use", done.stderr)

    def test_bad_command_lines(self):
        for program in ("echo_server", "echo_client"):
            done = run(program, "nonsense")
            self.assertEqual(done.returncode, 1)
            self.assertIn("'nonsense' is no address", done.stderr)


class http_fetcher_test(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        os.mkdir(f"{cls.folder.name}/html")
        with open(f"{cls.folder.name}/html/index.html", "w", encoding="utf-8") as page:
            page.write("hello\n")
        with open(f"{cls.folder.name}/html/big", "wb") as page:
            page.write(bytes(300_000))
        for _ in range(5):
            if cls.start_nginx():
                return
        raise RuntimeError("nginx does not start:\n" + cls.nginx.communicate()[1])

    @classmethod
    def start_nginx(cls):
        """On a port that was free a moment ago."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            cls.port = probe.getsockname()[1]
        temporary = "".join(f"{kind}_temp_path {kind};\n" for kind in (
            "client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        with open(f"{cls.folder.name}/nginx.conf", "w", encoding="utf-8") as config:
            config.write(
                ("user root;\n" if os.geteuid() == 0 else "") +
                "daemon off; pid nginx.pid; error_log stderr; worker_processes 1;\n"
                "events { worker_connections 256; }\n"
                f"http {{ access_log off; {temporary}\n"
                f"  server {{ listen 127.0.0.1:{cls.port}; root html;\n"
                "    location /slow/ { alias html/; limit_rate 1k; } } }\n")
        cls.nginx = subprocess.Popen(
            ["/usr/sbin/nginx", "-e", "stderr", "-p", cls.folder.name, "-c", "nginx.conf"],
            stderr=subprocess.PIPE, text=True)
        for _ in range(LIMIT * 100):
            if cls.nginx.poll() is not None:
                return False
            try:
                socket.create_connection(("127.0.0.1", cls.port), timeout=LIMIT).close()
            except ConnectionRefusedError:
                time.sleep(0.01)
                continue
            cls.addClassCleanup(cls.nginx.communicate)
            cls.addClassCleanup(cls.nginx.terminate)
            return True
        return False

    def url(self, path, host="127.0.0.1"):
        return f"http://{host}:{self.port}{path}"

    def test_pages(self):
        done = run("http_fetcher", "-c", "2", self.url("/"), self.url("/big", "localhost"),
                   self.url("/none"), self.url("/big"))
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0], f"200 6 bytes  {self.url('/')}")
        self.assertEqual(lines[1], f"200 300000 bytes  {self.url('/big', 'localhost')}")
        self.assertRegex(lines[2], rf"404 \d+ bytes  {self.url('/none')}")
        self.assertEqual(lines[3], f"200 300000 bytes  {self.url('/big')}")
        self.assertEqual((done.returncode, len(lines), done.stderr), (0, 4, ""))

    def test_many_pages(self):
        done = run("http_fetcher", "-c", "20", *[self.url("/") for _ in range(200)])
        self.assertEqual(done.stdout, f"200 6 bytes  {self.url('/')}\n" * 200)
        self.assertEqual(done.returncode, 0)

    def test_slow_page(self):
        done = run("http_fetcher", "-t", "0.5", self.url("/slow/big"), self.url("/"))
        self.assertEqual(done.stdout, f"failed  {self.url('/slow/big')}: timed out\n"
                                      f"200 6 bytes  {self.url('/')}\n")
        self.assertEqual(done.returncode, 1)

    def test_nobody_there(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
            done = run("http_fetcher", url)
        self.assertEqual(done.stdout, f"failed  {url}: no connection: Connection refused\n")
        self.assertEqual(done.returncode, 1)

    def test_bad_command_lines(self):
        for arguments, message in (([], "no URL"), (["-x"], "unknown option -x"),
                                   (["-c", "x"], "-c takes a positive number"),
                                   (["-t", "-1"], "-t takes a positive number"),
                                   (["-c", "nan"], "-c takes a positive number")):
            done = run("http_fetcher", *arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(f"http_fetcher: {message}\nUsage: ", done.stderr)


if __name__ == "__main__":
    unittest.main()
