"""Who may want to speak: what of a site's triggers is worked out once, and not for every page that is viewed."""

from datetime import datetime

from bot.site.site import Site
from triggers.remainder import Remainders, Timing


class Proposals:
    """The triggers of one version of a site."""

    def __init__(self, site: Site):
        self.site = site
        enabled = [trigger for trigger in site.triggers.values() if trigger.enabled]
        self.remainders = Remainders(enabled)
        self._timing = Timing.of(trigger.condition for trigger in enabled)
        departments = {trigger.department for trigger in enabled}
        named = (each.opening_hours for each in site.departments.values() if each.id in departments)
        self._hours = [site.opening_hours, *named] if self._timing.hours else []
        self._looked_at: datetime | None = None
        self._changes_at: datetime | None = None

    def again_after(self, now: datetime) -> int | None:
        """Returns after how many seconds a page has to ask again; None if never."""
        change = self._next_change(now)
        wait = None if change is None else (change - now).total_seconds()
        return self._timing.again_after(now.astimezone(self.site.zone), wait)

    def _next_change(self, now: datetime) -> datetime | None:
        """Returns when the site, or a department a trigger speaks for, opens or closes; looked up once for each."""
        fresh = self._looked_at is not None and self._looked_at <= now
        if not fresh or (self._changes_at is not None and self._changes_at <= now):
            self._looked_at = now
            self._changes_at = min((at for each in self._hours if (at := each.next_change(now))), default=None)
        return self._changes_at
