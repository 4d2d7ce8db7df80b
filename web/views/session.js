/**
 * Signing in, staying signed in, signing out. The session is the broker's HttpOnly cookie:
 * this page never holds a token.
 *
 * @import { BrokerApi, Engine, Me } from "../client/types.d.ts"
 * @import { Store } from "./state.js"
 * @typedef {object} Parts
 * @property {BrokerApi} broker
 * @property {Engine} engine
 * @property {Store} store
 * @property {(milliseconds: number, run: () => void) => void} after  a timer
 * @property {() => Promise<void>} enter   opens the first folder
 * @property {() => void} reload           loads the page anew: nothing of the last user stays in memory
 */
import { BrokerError } from "../client/errors.js";
import { counted } from "./format.js";
import { failureOf } from "./messages.js";

/** A session is renewed when this part of its life is over. */
const RENEW_AT = 0.6;
const RENEW_AGAIN = 30_000; // ms, when the broker was not reached
const LONGEST_TIMER = 86_400_000; // ms; longer ones overflow in browsers

/** @param {unknown} error */
const isUnauthenticated = (error) => error instanceof BrokerError && error.status === 401;

export class Session {
  /** @type {Parts} */
  #parts;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  async start() {
    const { broker, store } = this.#parts;
    store.set({ session: "starting", failure: null });
    try {
      const { features } = await broker.config();
      store.set({ writeOnce: features.write_once });
      await this.#enter(await broker.me());
      await this.#renew();
    } catch (error) {
      const failure = failureOf("The page could not start", error);
      store.set(isUnauthenticated(error) ? { session: "signed-out" } : { session: "unreachable", failure });
    }
  }

  /** @param {{username: string, password: string}} credentials */
  async signIn(credentials) {
    const { broker, store } = this.#parts;
    const known = store.get().session === "expired";
    store.set({ signIn: { busy: true, failure: null } });
    try {
      const { expires_in: seconds } = await broker.signIn(credentials);
      const me = await broker.me();
      await (known ? this.#goOn(me) : this.#enter(me));
      this.#renewBefore(seconds);
    } catch (error) {
      store.set({ signIn: { busy: false, failure: failureOf("Not signed in", error) } });
    }
  }

  /** Any 401 of a living session: ask again, over the page as it is. */
  expire() {
    const { store } = this.#parts;
    if (store.get().session === "signed-in") store.set({ session: "expired" });
  }

  async signOut() {
    const { unfinished } = this.#parts.engine.snapshot().total;
    if (unfinished > 0) this.#askToSignOut(unfinished);
    else await this.#signOut();
  }

  /** @param {number} unfinished uploads */
  #askToSignOut(unfinished) {
    const run = () => {
      this.#parts.store.set({ question: null });
      this.#signOut();
    };
    this.#parts.store.set({
      question: {
        title: "Sign out now?",
        text: `${counted(unfinished, "upload")} ${unfinished === 1 ? "is" : "are"} not finished. Large ones can go on later, with the same files.`,
        names: [],
        choices: [{ label: "Sign out", testId: "confirm-sign-out", danger: true, run }],
        dismiss: "Stay",
        busy: false,
      },
    });
  }

  /** The next person at this browser finds no trace of these uploads; their owner finds them at the broker. */
  async #signOut() {
    const { broker, engine, store } = this.#parts;
    try {
      await broker.signOut();
      engine.forget();
      this.#leave();
    } catch (error) {
      store.set({ failure: failureOf("You are still signed in", error) });
    }
  }

  /** @param {Me} me */
  async #enter({ sub }) {
    const { broker, store, enter } = this.#parts;
    const { buckets } = await broker.listBuckets();
    store.set({ session: "signed-in", user: sub, buckets, signIn: { busy: false, failure: null } });
    await enter();
  }

  /** The same person goes on where they were; anybody else starts with an empty page. @param {Me} me */
  async #goOn({ sub }) {
    const { engine, store, enter } = this.#parts;
    if (sub !== store.get().user) return this.#leave();
    store.set({ session: "signed-in", signIn: { busy: false, failure: null }, failure: null });
    engine.signedIn();
    if (store.get().listing.state === "failed") await enter();
  }

  /** Paused, not cancelled: what was uploaded so far waits in the bucket for its owner. */
  #leave() {
    const { engine, reload } = this.#parts;
    engine.pauseAll();
    reload();
  }

  /** @param {number} seconds the session still lives */
  #renewBefore(seconds) {
    this.#parts.after(Math.min(seconds * 1000 * RENEW_AT, LONGEST_TIMER), () => this.#renew());
  }

  async #renew() {
    const { broker, store, after } = this.#parts;
    if (store.get().session !== "signed-in") return;
    try {
      this.#renewBefore((await broker.renew()).expires_in);
    } catch (error) {
      if (!isUnauthenticated(error)) after(RENEW_AGAIN, () => this.#renew());
    }
  }
}
