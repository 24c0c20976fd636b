"""A Dask cluster as a user starts it: a scheduler and workers as processes of their own, on loopback, without dashboards."""

import json
import os
import signal
import subprocess
import sys
import time

WITHIN_S = 60.0


class DaskCluster:
    """One scheduler and its workers; every process that was started ends with it."""

    def __init__(self, folder):
        self.folder, self.file, self.workers = folder, folder / "scheduler.json", []
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(self.file))
        until = time.monotonic() + WITHIN_S
        while self.address is None:
            assert time.monotonic() < until and self.scheduler.poll() is None, "the scheduler does not start"
            time.sleep(0.05)

    @property
    def address(self):
        try:
            return json.loads(self.file.read_text())["address"]
        except (FileNotFoundError, ValueError):
            return None

    def add_worker(self, *options):
        # No nanny: a worker that is killed stays away.
        told = ("--no-nanny", "--nthreads", "1", "--memory-limit", "0", "--local-directory", str(self.folder))
        self.workers.append(self._start("worker", self.address, *told, *options))
        return self.workers[-1]

    def _start(self, role, *options):
        with open(self.folder / f"{role}-{len(self.workers)}.log", "wb") as log:
            command = [sys.executable, "-m", "dask", role, "--no-dashboard", "--dashboard-address", "127.0.0.1:0", *options]
            return subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | {"DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False"})

    def close(self):
        for process in (*self.workers, self.scheduler):
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()
