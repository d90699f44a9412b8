/** The clock of the browser, and times as people say them; `now` is handed in, the language decides the words. */

const DAY = 86_400_000;
/** Some 24 days: what shall be later would be at once. */
const LONGEST = 2 ** 31 - 1;

/** What asks for the time or for a timer takes this one, or in a test another. Whoever waits too long is called early. */
export const clock = {
  now: () => Date.now(),
  after: (wait, what) => setTimeout(what, Math.min(wait, LONGEST)),
  cancel: (timer) => clearTimeout(timer),
};

/** "14:05", "yesterday, 14:05", "Tuesday, 14:05", "3 March, 14:05": as short as it can be without being unclear. */
export function moment(at, now, language) {
  const days = Math.round((new Date(at).setHours(0, 0, 0, 0) - new Date(now).setHours(0, 0, 0, 0)) / DAY);
  const date = (options) => new Date(at).toLocaleString(language, options);
  const time = date({ timeStyle: "short" });
  if (!days) return time;
  if (days * days === 1) return `${new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(days, "day")}, ${time}`;
  return `${date(days * days < 49 ? { weekday: "long" } : { day: "numeric", month: "long" })}, ${time}`;
}

/** The whole of it, for hovering. */
export const exact = (at, language) => new Date(at).toLocaleString(language, { dateStyle: "full", timeStyle: "short" });
