"""Which public bundle has this hash: that of the version which runs here, or of one that was deployed lately."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock

from bot.site.public import bundle_hash, public_bundle
from bot.site.site import Site
from bot.versions import KEPT, SiteVersions
from web.hub import encoded


@dataclass(frozen=True, slots=True)
class PublicBundle:
    """What the widget may know of a site, as it is sent."""

    hash: str
    body: str


class PublicBundles:
    """Makes the bundle of each version once.

    A page fetches what it was told of a moment before. Meanwhile the content may have been switched, and the process
    that is asked may be another one, which has switched already or not yet.
    """

    def __init__(self, sites: SiteVersions):
        self._sites = sites
        self._made: OrderedDict[str, PublicBundle | None] = OrderedDict()
        """Version → its bundle, None where its files cannot be read."""
        self._loading = Lock()

    @property
    def current(self) -> PublicBundle:
        """What new pages are told of."""
        site = self._sites.current
        known = self._made.get(site.version)
        if known is None:
            known = _made_of(site)
            self._keep(site.version, known)
        return known

    def find(self, hash_: str) -> PublicBundle | None:
        """Returns the bundle with this hash, None if no version that was deployed lately has it."""
        current = self.current
        return current if hash_ == current.hash else next((each for each in self._lately() if each.hash == hash_), None)

    def _lately(self) -> Iterator[PublicBundle]:
        """Yields the bundles of the last deployments, the newest first."""
        for deployment in self._sites.deployments.page(most=KEPT):
            bundle = self._of(deployment.version)
            if bundle is not None:
                yield bundle

    def _of(self, version: str) -> PublicBundle | None:
        with self._loading:  # Many pages may ask at once, after a switch.
            if version not in self._made:
                loaded = self._sites.load(version)
                self._keep(version, _made_of(loaded.site) if loaded and loaded.site else None)
            return self._made[version]

    def _keep(self, version: str, bundle: PublicBundle | None) -> None:
        self._made[version] = bundle
        while len(self._made) > KEPT:
            self._made.popitem(last=False)


def _made_of(site: Site) -> PublicBundle:
    public = public_bundle(site)
    return PublicBundle(bundle_hash(public), encoded(public))
