#!/bin/sh
# Estimate pi: how many of $1 random points of a square are in the circle. $2 is the seed.
set -eu
awk -v points="$1" -v seed="$2" '
# Not rand(): each awk has its own. From Park and Miller, 1988.
function uniform() {
    seed = (16807 * seed) % 2147483647
    return seed / 2147483647
}
BEGIN {
    for (n = 1; n <= points; n++) {
        x = uniform(); y = uniform()
        inside += x * x + y * y < 1
        if (n % int(points / 4) == 0) printf "pi: %.4f\n", 4 * inside / n
    }
    error = 4 * inside / points - atan2(0, -1)
    printf "{\"error\": %.4f}\n", error < 0 ? -error : error > "summary.json"
}'
