"""Print each word that it is given on a line of its own."""

import sys

print(*sys.argv[1:], sep="\n")
