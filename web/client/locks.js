/**
 * One tab sends one upload: https://developer.mozilla.org/docs/Web/API/Web_Locks_API
 *
 * @import { Locks } from "./types.d.ts"
 */

/**
 * @param {Locks | null} locks  null where there are none: then the work begins at once
 * @param {string} name
 * @param {{ signal: AbortSignal, onWait: () => void }} waiting
 * @param {(waited: boolean) => Promise<void>} work  `waited` when somebody else had the lock before
 */
export async function exclusively(locks, name, { signal, onWait }, work) {
  if (locks === null) return work(false);
  let free = true;
  await locks.request(name, { ifAvailable: true }, async (lock) => {
    free = lock !== null;
    if (free) await work(false);
  });
  if (free) return;
  onWait();
  await locks.request(name, { signal }, () => work(true));
}
