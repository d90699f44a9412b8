"""The content of a site: a directory of YAML files, read into one immutable `Site`.

from bot.site import load
loaded = load(Path("mysite"))          # loaded.site, loaded.problems, loaded.files
"""

from bot.site.loading import Loaded, load, load_files
from bot.site.public import bundle_hash, public_bundle
from bot.site.site import Site

__all__ = ["Loaded", "Site", "bundle_hash", "load", "load_files", "public_bundle"]
