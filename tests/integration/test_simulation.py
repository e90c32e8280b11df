#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# weight: 2
"""Days in the life of a service, in seconds: a real service on a real SMB server, while servers die and freeze, the
share fills up, clocks jump, bits flip, settings change and the process is killed; then what is there must be right.
Runs in a mount namespace of its own.

SIMULATION_SEED: of the plan (1). SIMULATION_DAYS: how many before the quiet one (1).
SIMULATION_VERBOSE: tells every step."""

import os
import time
import unittest

import counted
import namespace
import simulation_end
import simulation_plan
from simulation_life import HOUR, Life
from simulation_world import World

SEED = int(os.environ.get("SIMULATION_SEED") or 1)
DAYS = int(os.environ.get("SIMULATION_DAYS") or 1)
VERBOSE = bool(os.environ.get("SIMULATION_VERBOSE"))


class Simulation(unittest.TestCase):
    def test_life(self):
        print(f"\nSIMULATION_SEED={SEED} SIMULATION_DAYS={DAYS}", flush=True)
        begin = time.monotonic()
        with World() as world:
            life = Life(world)
            for number, step in enumerate(simulation_plan.make(SEED, DAYS)):
                self.perform(world, f"step {number}, {step}", lambda step=step: life.take(step))
            newest = self.perform(world, "the quiet day", lambda: simulation_end.quiet_day(life))
            results = list(simulation_end.End(life, newest).run())
            real = time.monotonic() - begin
            print(f"{world.elapsed / HOUR:.0f} h simulated in {real:.0f} s: {world.elapsed / real:.0f}x")
        for name, number in sorted(life.count.items()):
            print(f"  {number:4} {name}")
        for name, text, holds in results:
            print(f"  {'ok' if holds else 'WRONG':6}{name}: {text}", flush=True)
        self.assertTrue(all(holds for _, _, holds in results))

    def perform(self, world, name, action):
        """What goes wrong is told with where that was and what the service said last."""
        if VERBOSE:
            print(f"{time.monotonic():.1f} {name}", flush=True)
        try:
            return action()
        except Exception:
            print(f"{name}, after {world.elapsed / HOUR:.1f} h: the last service's log:\n{world.log()[-6000:]}")
            raise


if __name__ == "__main__":
    namespace.enter()
    counted.main()
