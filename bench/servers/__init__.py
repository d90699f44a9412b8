"""What is measured: each module is a server of its own process, `python -m bench.servers.<name> PORT FOLDER`."""
