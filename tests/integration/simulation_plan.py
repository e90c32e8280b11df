# SPDX-License-Identifier: Apache-2.0
"""What happens in a simulated life, drawn from a seed before it begins: the same seed is the same plan."""

import dataclasses
import random

# Minutes between two events; less than the shortest interval of the schedule.
PAUSE = (15, 150)
# How often each is drawn; what each does is the method of that name in simulation_life.py.
WEIGHTS = {
    "backup": 10, "cancel": 8, "kill": 8, "kill_idle": 3, "restart": 3, "server_down": 4, "share_full": 4,
    "freeze": 5, "clock_jump": 4, "maintenance": 4, "settings": 5, "pause_schedule": 2, "flip": 3, "role_gone": 3,
    "retry": 3, "prune": 3, "pin": 2,
}
# Steps that a condition lasts once it began.
LASTING = {"server_down": (1, 4), "share_full": (1, 4), "clock_jump": (1, 6), "maintenance": (1, 5),
           "pause_schedule": (1, 4), "role_gone": (1, 3)}


@dataclasses.dataclass
class Step:
    """@minutes pass, then @action happens; the numbers are for it to use, each once drawn whether it does or not."""

    minutes: int
    action: str
    lasts: int  # steps, of a condition
    delay: float  # seconds of a running job
    hours: int  # of downtime, or by which the clock jumps
    choice: float  # 0 to 1: which one of what is there
    seed: int  # of what is written into the sources


def make(seed, days):
    """Steps that take @days together."""
    generator = random.Random(seed)
    steps, left = [], days * 24 * 60
    while left > 0:
        minutes = generator.randint(*PAUSE)
        action = generator.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        steps.append(Step(minutes, action, generator.randint(*LASTING.get(action, (0, 0))), generator.random() * 0.4,
                          generator.choice((0, 0, 1, 3, 9, 20)), generator.random(), generator.randrange(1 << 32)))
        left -= minutes
    return steps
