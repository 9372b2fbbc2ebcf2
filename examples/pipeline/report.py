"""A table of all models that were evaluated, the best first."""

import json

with open("runs.json") as file:
    runs = json.load(file)
runs.sort(key=lambda run: run["metrics"]["accuracy"], reverse=True)

lines = ["| accuracy | lr | epochs | evaluation |", "|---|---|---|---|"]
for run in runs:
    found = run["metrics"]
    cells = (found["accuracy"], found["model.lr"], found["model.epochs"], run["name"])
    lines.append(f"| {' | '.join(map(str, cells))} |")
with open("report.md", "w") as file:
    file.write("\n".join(lines) + "\n")
print(*lines, sep="\n")
