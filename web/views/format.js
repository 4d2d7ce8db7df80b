/**
 * Numbers and dates as people read them. Pure: the clock and the time zone are arguments.
 */

const UNITS = ["bytes", "kB", "MB", "GB", "TB", "PB", "EB"];
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** @param {number} value */
const plain = (value) => value.toLocaleString("en");

/**
 * Decimal units, as file managers and storage bills count: 1 kB is 1,000 bytes.
 * @param {number} size in bytes
 */
export function bytes(size) {
  if (size < 1000) return size === 1 ? "1 byte" : `${size} bytes`;
  let power = 0;
  let value = size;
  // 999.5 would be printed as 1000, so it already belongs to the next unit.
  while (value >= 999.5 && power < UNITS.length - 1) {
    value /= 1000;
    power += 1;
  }
  return `${value < 99.95 ? value.toFixed(1) : Math.round(value)} ${UNITS[power]}`;
}

/** @param {number} perSecond bytes a second */
export const speed = (perSecond) => `${bytes(Math.round(perSecond))}/s`;

/**
 * How long something still takes, in at most two units.
 * @param {number} seconds
 */
export function duration(seconds) {
  const whole = Math.max(1, Math.ceil(seconds));
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return pair(whole, MINUTE, "min", 1, "s");
  if (whole < DAY) return pair(whole, HOUR, "h", MINUTE, "min");
  return pair(whole, DAY, "d", HOUR, "h");
}

/**
 * @param {number} whole
 * @param {number} large @param {string} largeName
 * @param {number} small @param {string} smallName
 */
function pair(whole, large, largeName, small, smallName) {
  const rest = Math.floor((whole % large) / small);
  const head = `${Math.floor(whole / large)} ${largeName}`;
  return rest === 0 ? head : `${head} ${rest} ${smallName}`;
}

/**
 * "1 file", "2 files".
 * @param {number} count @param {string} one @param {string} [many]
 */
export const counted = (count, one, many = `${one}s`) => `${plain(count)} ${count === 1 ? one : many}`;

/** @param {number} ratio 0 to 1; never rounds up to 100 % before it is there */
export const percent = (ratio) => `${Math.floor(Math.min(1, Math.max(0, ratio)) * 100)} %`;

/**
 * How long ago, up to a week; then the day.
 * @param {Date} date @param {Date} now @param {string} [timeZone]
 */
export function relative(date, now, timeZone) {
  const age = (now.getTime() - date.getTime()) / 1000;
  if (age < MINUTE) return age > -MINUTE ? "just now" : day(date, now, timeZone);
  if (age < HOUR) return `${Math.floor(age / MINUTE)} min ago`;
  if (age < DAY) return `${Math.floor(age / HOUR)} h ago`;
  if (age < 7 * DAY) return `${counted(Math.floor(age / DAY), "day")} ago`;
  return day(date, now, timeZone);
}

/** @param {Date} date @param {Date} now @param {string} [timeZone] */
function day(date, now, timeZone) {
  const year = date.getUTCFullYear() === now.getUTCFullYear() ? undefined : "numeric";
  return date.toLocaleDateString("en-GB", { day: "numeric", month: "short", year, timeZone });
}

/** @param {Date} date @param {string} [timeZone] */
export const exact = (date, timeZone) =>
  date.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium", timeZone });
