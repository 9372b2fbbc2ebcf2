"""The constants of nature, as far as a falling ball knows them."""

g = 9.81  # m/s²
