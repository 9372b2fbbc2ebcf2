"""Train a small neural network to read handwritten digits, with the standard library alone."""

import argparse
import csv
import json
import math
import random
from operator import mul
from pathlib import Path

HERE = Path(__file__).parent
CLASSES = 10


def read_digits(path):
    """(pixels from 0 to 1, digit) of each image; 64 pixels and the digit are one line."""
    with path.open(newline="") as file:
        rows = [[int(cell) for cell in row] for row in csv.reader(file)]
    return [([pixel / 16 for pixel in row[:-1]], row[-1]) for row in rows]


def dot(left, right):
    return sum(map(mul, left, right))


def softmax(scores):
    top = max(scores)
    powers = [math.exp(score - top) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]


class Network:
    """One hidden layer of rectified units; the last weight of every unit is its bias."""

    def __init__(self, inputs, hidden, rng):
        self.first = [
            [rng.gauss(0, (2 / inputs) ** 0.5) for _ in range(inputs)] + [0.0]
            for _ in range(hidden)
        ]
        self.second = [
            [rng.gauss(0, (1 / hidden) ** 0.5) for _ in range(hidden)] + [0.0]
            for _ in range(CLASSES)
        ]

    def forward(self, pixels):
        """Hidden values and the probability of each digit."""
        pixels = [*pixels, 1.0]
        hidden = [max(0.0, dot(weights, pixels)) for weights in self.first]
        return hidden, softmax([dot(weights, [*hidden, 1.0]) for weights in self.second])

    def learn(self, pixels, digit, lr):
        """One step down the gradient of the cross entropy; the loss before it."""
        hidden, chances = self.forward(pixels)
        errors = [chance - (number == digit) for number, chance in enumerate(chances)]
        blame = [
            dot(errors, column) if value > 0 else 0.0
            for value, column in zip(hidden, zip(*self.second))
        ]
        self.second = [
            [weight - lr * error * value for weight, value in zip(weights, [*hidden, 1.0])]
            for weights, error in zip(self.second, errors)
        ]
        self.first = [
            [weight - lr * share * value for weight, value in zip(weights, [*pixels, 1.0])]
            if share
            else weights
            for weights, share in zip(self.first, blame)
        ]
        return -math.log(max(chances[digit], 1e-12))

    def accuracy(self, images):
        right = 0
        for pixels, digit in images:
            _, chances = self.forward(pixels)
            right += chances.index(max(chances)) == digit
        return right / len(images)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lr", type=float, default=0.05, help="learning rate")
    parser.add_argument("--epochs", type=int, default=4, help="times through the images")
    parser.add_argument("--hidden", type=int, default=16, help="units in the hidden layer")
    parser.add_argument("--seed", type=int, default=0, help="seed of weights, split and order")
    args = parser.parse_args()
    if args.epochs < 1:
        parser.error("--epochs must be at least 1")

    rng = random.Random(args.seed)
    images = read_digits(HERE / "digits.csv")
    rng.shuffle(images)
    split = len(images) * 4 // 5
    train, test = images[:split], images[split:]
    network = Network(len(images[0][0]), args.hidden, rng)

    for epoch in range(args.epochs):
        rng.shuffle(train)
        lr = args.lr
        losses = [network.learn(pixels, digit, lr) for pixels, digit in train]
        loss = sum(losses) / len(losses)
        print(f"epoch {epoch + 1}/{args.epochs}")
        print(f"loss: {loss:.4f}", flush=True)
    accuracy = network.accuracy(test)
    print(f"accuracy: {accuracy:.4f}")

    summary = {"loss": round(loss, 4), "accuracy": round(accuracy, 4)}
    Path("summary.json").write_text(json.dumps(summary) + "\n")
    Path("model.json").write_text(json.dumps([network.first, network.second]) + "\n")


if __name__ == "__main__":
    main()
