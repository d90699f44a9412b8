"""The content of a site: a directory of YAML files, read into one immutable `Site`."""
