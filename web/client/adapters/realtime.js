/**
 * The clock and the timers of the browser, or of Node.
 *
 * @import { TimerParts } from "../timers.js"
 */

/** @type {TimerParts} */
export const realTime = {
  clock: () => performance.now(),
  setTimer: (callback, milliseconds) => setTimeout(callback, milliseconds),
  clearTimer: (handle) => clearTimeout(/** @type {ReturnType<typeof setTimeout>} */ (handle)),
};
