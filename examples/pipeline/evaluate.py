"""How many of the flowers that were kept apart a model names right."""

import json

from model import predict, read_flowers

with open("model.json") as file:
    model = json.load(file)
flowers = read_flowers("test.csv")
errors = 0
for lengths, species in flowers:
    chances = predict(model["weights"], lengths)
    errors += chances.index(max(chances)) != species
print(f"errors: {errors}")
print(f"accuracy: {1 - errors / len(flowers):.4f}")
# Numbers in summary.json belong to the run as printed ones do: here, which model it was.
with open("summary.json", "w") as file:
    json.dump({"model": {"lr": model["lr"], "epochs": model["epochs"]}}, file)
