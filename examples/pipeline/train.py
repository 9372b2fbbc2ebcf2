"""Learn from four lengths of a flower which species it is."""

import argparse
import json
from math import log

from model import predict, read_flowers

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--lr", type=float, default=0.1, help="learning rate")
parser.add_argument("--epochs", type=int, default=20, help="times that each flower is seen")
args = parser.parse_args()

flowers = read_flowers("train.csv")
weights = [[0.0] * 5 for _ in range(3)]
for _ in range(args.epochs):
    loss = 0.0
    for lengths, species in flowers:
        chances = predict(weights, lengths)
        loss -= log(chances[species]) / len(flowers)
        for number, row in enumerate(weights):
            error = chances[number] - (number == species)
            for place, length in enumerate((*lengths, 1.0)):
                row[place] -= args.lr * error * length / 10
print(f"loss: {loss:.4f}")
with open("model.json", "w") as file:
    json.dump({"lr": args.lr, "epochs": args.epochs, "weights": weights}, file)
