/**
 * What a browser knows of its network. Where it knows nothing, it counts as online.
 *
 * @import { Online } from "../types.d.ts"
 */

/**
 * @typedef {{ navigator?: { onLine?: boolean },
 *   addEventListener?: (name: "online", listener: () => void) => void,
 *   removeEventListener?: (name: "online", listener: () => void) => void }} Scope  the part of a window that is used
 */

/**
 * @param {Scope} [scope]
 * @returns {Online}
 */
export function browserOnline(scope = globalThis) {
  return {
    isOnline: () => scope.navigator?.onLine !== false,
    onOnline(listener) {
      scope.addEventListener?.("online", listener);
      return () => scope.removeEventListener?.("online", listener);
    },
  };
}
