/**
 * The sign-in form: a page of its own, or a dialog over a page whose session has ended.
 *
 * @import { State } from "./state.js"
 * @import { Actions } from "./page.js"
 */
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { icon, modal, reopen } from "./elements.js";

/** @param {SubmitEvent} event @param {Actions} actions */
function submit(event, { session }) {
  event.preventDefault();
  const fields = new FormData(/** @type {HTMLFormElement} */ (event.target));
  session.signIn({ username: String(fields.get("username")), password: String(fields.get("password")) });
}

/** @param {State} state @param {Actions} actions @param {string} title @param {string} text */
const form = ({ signIn: { busy, failure }, user }, actions, title, text) => html`
  <form class="sign-in" aria-busy=${busy} @submit=${(/** @type {SubmitEvent} */ event) => submit(event, actions)}>
    ${icon("logo")}
    <h1 id="sign-in-title">${title}</h1>
    ${text ? html`<p class="muted">${text}</p>` : nothing}
    <label>User name
      <input name="username" data-testid="username" autocomplete="username" autocapitalize="none" spellcheck="false"
        required ?autofocus=${user === ""} .value=${user} aria-invalid=${failure !== null}>
    </label>
    <label>Password
      <input name="password" data-testid="password" type="password" autocomplete="current-password" required ?autofocus=${user !== ""}
        aria-invalid=${failure !== null}>
    </label>
    ${failure
      ? html`<p class="form-error" role="alert" data-testid="error">${icon("alert")}<span>${failure.message}</span></p>`
      : nothing}
    <button class="primary wide" data-testid="sign-in" ?disabled=${busy}>${busy ? "Signing in…" : "Sign in"}</button>
  </form>`;

/** @param {State} state @param {Actions} actions */
export const signInPage = (state, actions) =>
  html`<main class="front">${form(state, actions, "Sign in to Broker", "")}</main>`;

/** Opens again when it is closed: everything below needs the session. Uploads wait meanwhile. @param {State} state @param {Actions} actions */
export function signInDialog(state, actions) {
  const waiting = state.tray.rows.some(({ pausedBy }) => pausedBy === "sign-in");
  const text = `Your session has ended.${waiting ? " Your uploads go on once you are back." : ""}`;
  return html`
    <dialog class="front-dialog" aria-labelledby="sign-in-title" ${modal()}
      @cancel=${(/** @type {Event} */ event) => event.preventDefault()} @close=${reopen}>
      ${form(state, actions, "Sign in again", text)}
    </dialog>`;
}
