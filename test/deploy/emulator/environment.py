"""Execution environments of functions: processes of Node that keep what a function keeps between invocations."""

import io
import json
import os
import queue
import shutil
import subprocess
import threading
import time
import uuid
import zipfile
from pathlib import Path

import settings

RUNTIME = Path(__file__).with_name("runtime.cjs")
# Where Node looks on Lambda, in this order.
SEARCH_PATH = ("opt/nodejs/node24/node_modules", "opt/nodejs/node_modules")
_running = set()


class TimedOut(Exception):
    pass


class Exited(Exception):
    pass


class Environment:
    """One environment; it takes one event at a time."""

    def __init__(self, root, variables):
        self.mark = f"{uuid.uuid4().hex} "
        self.lines = queue.SimpleQueue()
        start = f"require({json.dumps(str(RUNTIME))})"
        self.process = subprocess.Popen(
            [settings.NODE, *settings.NODE_FLAGS, "-e", start, str(root / "task"), self.mark, settings.PROMETHEUS_URL],
            cwd=root / "task",
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        _running.add(self.process)
        threading.Thread(target=self._read, daemon=True).start()

    def invoke(self, event, context, timeout_s):
        """The answer of the function, `{"result"}` or `{"error"}`, and what it printed. Raises TimedOut or Exited."""
        deadline = time.time() + timeout_s
        request = {
            "id": context["awsRequestId"],
            "event": event,
            "context": context,
            "deadlineMs": round(deadline * 1_000),
        }
        printed = []
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise Exited("", printed) from error
        while True:
            try:
                line = self.lines.get(timeout=max(0.0, deadline - time.time()))
            except queue.Empty as error:
                self.stop()
                raise TimedOut(f"Task timed out after {timeout_s:.2f} seconds", printed) from error
            if line is None:
                code = self.process.wait()
                raise Exited(f"Runtime exited with error: exit status {code}", printed)
            if line.startswith(self.mark):
                return json.loads(line[len(self.mark) :]), printed
            if line != "":
                printed.append(line)

    def stop(self):
        self.process.kill()
        self.process.wait()
        _running.discard(self.process)

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)


def unpack(name, code, layers):
    """Code and layers in a folder of their own, as `/var/task` and `/opt`."""
    root = settings.FOLDER / "functions" / f"{name}-{uuid.uuid4().hex[:8]}"
    for folder, archives in (("opt", layers), ("task", [code])):
        (root / folder).mkdir(parents=True)
        for archive in archives:
            zipfile.ZipFile(io.BytesIO(archive)).extractall(root / folder)
    return root


def search_path(root):
    folders = [root / folder for folder in SEARCH_PATH] + [settings.RUNTIME / "node_modules"]
    return os.pathsep.join(str(folder) for folder in folders)


def stop_all():
    for process in list(_running):
        process.kill()
    shutil.rmtree(settings.FOLDER / "functions", ignore_errors=True)
