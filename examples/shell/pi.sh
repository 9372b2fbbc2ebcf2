#!/bin/sh
# Estimate pi: how many of $1 random points of a square are in the circle. $2 is the seed.
set -eu
awk -v points="$1" -v seed="$2" '
BEGIN {
    srand(seed)
    for (n = 1; n <= points; n++) {
        x = rand(); y = rand()
        inside += x * x + y * y < 1
        if (n % (points / 4) == 0) printf "pi: %.4f\n", 4 * inside / n
    }
    error = 4 * inside / points - atan2(0, -1)
    printf "{\"error\": %.4f}\n", error < 0 ? -error : error > "summary.json"
}'
