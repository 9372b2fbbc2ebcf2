"""Name irises by their nearest neighbours; the settings are the constants at the top."""

import csv
import json
from collections import Counter
from math import dist
from pathlib import Path

k = 5
weighted = False
test_every = 5


def read_flowers(path):
    """(four lengths in cm, species) of each flower, species by species."""
    with path.open(newline="") as file:
        _, _, *species = next(reader := csv.reader(file))
        return [([float(cell) for cell in row[:-1]], species[int(row[-1])]) for row in reader]


def name_flower(lengths, known):
    """The species that most of the `k` nearest known flowers have."""
    nearest = sorted((dist(lengths, other), species) for other, species in known)[:k]
    votes = Counter()
    for distance, species in nearest:
        votes[species] += 1 / (distance + 1e-9) if weighted else 1
    return votes.most_common(1)[0][0]


flowers = read_flowers(Path(__file__).parent / "iris.csv")
test = flowers[::test_every]
known = [flower for number, flower in enumerate(flowers) if number % test_every]
wrong = [(lengths, species) for lengths, species in test if name_flower(lengths, known) != species]

print(f"flowers: {len(test)}")
print(f"errors: {len(wrong)}")
print(f"accuracy: {1 - len(wrong) / len(test):.4f}")
Path("summary.json").write_text(json.dumps({"errors": len(wrong)}) + "\n")
