"""Times the hot paths against a bare reference in the same run; apart from the tests. See README.md."""
