#!/bin/sh
# Fit y = w x by gradient descent. A shell needs nothing but >>: a line at a time, appended.
set -eu
: "${GAGE_METRICS_FILE:=/dev/null}" "${GAGE_ATTRS_FILE:=/dev/null}"

lr=${1:-0.1}
w=0
printf '{"language":"shell"}\n' >> "$GAGE_ATTRS_FILE"
for step in 0 1 2 3 4 5 6 7 8 9; do
    loss=$(echo "$w" | awk '{ printf "%.6g", ($1 - 3) ^ 2 }')
    printf '{"step":%d,"loss":%s,"w":%s}\n' "$step" "$loss" "$w" >> "$GAGE_METRICS_FILE"
    w=$(echo "$w $lr" | awk '{ printf "%.6g", $1 - $2 * 2 * ($1 - 3) }')
done
printf 'run %s: w is %.3f\n' "${GAGE_RUN_ID:--}" "$w"
