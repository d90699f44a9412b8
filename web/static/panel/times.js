/** The times of a page the server drew, as the clock of whoever reads it has them. */
import { time } from "./words.js";

for (const drawn of document.querySelectorAll("time[datetime]")) {
  const own = time(drawn.dateTime, Date.now());
  if (own) drawn.replaceWith(own);
}
