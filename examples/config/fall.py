"""How long a ball falls, and how fast it is then."""

import configparser
import json
import tomllib
from pathlib import Path

from constants import g

ball = json.loads(Path("ball.json").read_text())
step = tomllib.loads(Path("solver.toml").read_text())["step"]
air = configparser.ConfigParser()
air.read("air.ini")
drag = air.getfloat("air", "drag") / ball["mass"]
digits = int(Path("output.yaml").read_text().partition("digits: ")[2])


def acceleration(speed):
    return g - drag * speed * abs(speed)


height, speed, time = ball["start"]["height"], ball["start"]["speed"], 0.0
while height > 0:
    change = acceleration(speed) * step["seconds"]
    if step["method"] == "midpoint":
        change = acceleration(speed + change / 2) * step["seconds"]
    height -= (speed + change / 2) * step["seconds"]
    speed += change
    time += step["seconds"]
print(f"seconds: {time:.{digits}f}")
print(f"speed: {speed:.{digits}f}")
