"""Split the flowers into those to learn from and those to test with."""

import csv
import random

test_share = 0.3
seed = 1

with open("data/iris.csv", newline="") as file:
    _, *flowers = csv.reader(file)
random.Random(seed).shuffle(flowers)
first = round(len(flowers) * test_share)
for name, rows in (("test.csv", flowers[:first]), ("train.csv", flowers[first:])):
    with open(name, "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    print(f"{name}: {len(rows)} flowers")
