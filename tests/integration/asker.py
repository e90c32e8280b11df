# SPDX-License-Identifier: Apache-2.0
"""Somebody who asks the service for the same things all the time, and how long the answers took."""

import threading
import time

PAUSE_SECONDS = 0.002


class Asker:
    """Inside the with-block it asks for @targets in turn, pairs of path and api-version, on a connection of its own."""

    def __init__(self, service, targets):
        self.client = service.client.with_token(service.client.token)
        self.targets = targets
        self.answers, self.slowest, self.failures = 0, 0.0, []
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.ask)

    def ask(self):
        while not self.ended.is_set():
            target, version = self.targets[self.answers % len(self.targets)]
            begin = time.monotonic()
            try:
                answer = self.client.get(target, version=version)
                if answer.status != 200:
                    self.failures.append(answer)
            except OSError as error:
                self.failures.append(error)
            self.slowest = max(self.slowest, time.monotonic() - begin)
            self.answers += 1
            self.ended.wait(PAUSE_SECONDS)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        self.client.close()
