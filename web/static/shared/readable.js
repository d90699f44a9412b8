/** Which messages can be sent, said before they are: as `rules/readable.py` decides it. */
export const MOST = 4_000;

/** Nothing but spaces, control characters and the like. */
export const NOTHING = /^[\p{C}\p{Z}]*$/u;
