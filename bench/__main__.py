"""`make bench`, or `python -m bench --rounds 5 --only echo`."""

from bench.run import main

main()
