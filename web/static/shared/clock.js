/** Times as people say them. `now` is handed in; the language decides the words. */

const DAY = 86_400_000;
const made = new Map();

function format(language, options, Kind = Intl.DateTimeFormat) {
  const key = language + Kind.name + JSON.stringify(options);
  if (!made.has(key)) made.set(key, new Kind(language, options));
  return made.get(key);
}

const midnight = (at) => new Date(at).setHours(0, 0, 0, 0);

/** "14:05", "yesterday 14:05", "Tuesday 14:05", "3 March, 14:05": as short as it can be without being unclear. */
export function moment(at, now, language) {
  const time = format(language, { hour: "numeric", minute: "2-digit" }).format(at);
  const days = Math.round((midnight(at) - midnight(now)) / DAY);
  if (days === 0) return time;
  if (Math.abs(days) === 1) return `${format(language, { numeric: "auto" }, Intl.RelativeTimeFormat).format(days, "day")} ${time}`;
  if (days > -7 && days < 0) return `${format(language, { weekday: "long" }).format(at)} ${time}`;
  const year = new Date(at).getFullYear() === new Date(now).getFullYear() ? undefined : "numeric";
  return `${format(language, { day: "numeric", month: "long", year }).format(at)}, ${time}`;
}

/** The whole of it, for hovering. */
export function exact(at, language) {
  return format(language, { dateStyle: "full", timeStyle: "medium" }).format(at);
}
