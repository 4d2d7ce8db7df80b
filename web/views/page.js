/**
 * The whole page as one function of the state.
 *
 * @import { Engine } from "../client/types.d.ts"
 * @import { State, Store } from "./state.js"
 * @import { Session } from "./session.js"
 * @import { Browsing } from "./browsing.js"
 * @import { Objects } from "./objects.js"
 * @import { Transfers } from "./transfers.js"
 * @import { List } from "./list-keys.js"
 * @typedef {object} Actions
 * @property {Engine} engine
 * @property {Store} store
 * @property {Session} session
 * @property {Browsing} browsing
 * @property {Objects} objects
 * @property {Transfers} transfers
 * @property {List} list
 * @property {(text: string) => void} tell  shown for some seconds, and spoken
 */
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { dialog } from "./dialogs.js";
import { icon, iconButton } from "./elements.js";
import { counted } from "./format.js";
import { list } from "./list.js";
import { noBuckets, reference } from "./list-states.js";
import { baseName, visible } from "./names.js";
import { rail } from "./rail.js";
import { signInDialog, signInPage } from "./sign-in.js";
import { toolbar } from "./toolbar.js";
import { tray } from "./tray.js";
import { unfinished } from "./unfinished.js";

/** @param {State} state */
const folderName = ({ place }) => (place ? visible(baseName(place.prefix || place.bucket)) : "");

/** @param {State} state */
export function titleOf(state) {
  const { session, tray: { total }, place } = state;
  if (session !== "signed-in" || place === null) return "Broker";
  const share = total.active > 0 && total.size > 0 ? `${Math.floor((100 * total.sent) / total.size)} % · ` : "";
  return `${share}${folderName(state)} · Broker`;
}

/** @param {State} state @param {Actions} actions */
export function page(state, actions) {
  if (state.session === "starting") return html`<main class="front" aria-busy="true"><p class="opening muted" role="status">Starting…</p></main>`;
  if (state.session === "unreachable") return unreachable(state, actions);
  if (state.session === "signed-out") return signInPage(state, actions);
  return html`
    <div class="shell ${state.tray.rows.length > 0 ? "has-tray" : ""} ${state.trayOpen ? "tray-open" : ""}">
      ${rail(state, actions)}
      <main class="pane" id="pane" tabindex="-1">
        <h1 class="unseen">${folderName(state) || "Broker"}</h1>
        ${toolbar(state, actions)}
        ${notices(state, actions)}
        ${state.place === null ? noBuckets() : html`${unfinished(state, actions)}${list(state, actions)}`}
        ${dropTarget(state)}
      </main>
      ${tray(state, actions)}
      <p class="status" role="status" data-testid="message">${statusOf(state)}</p>
    </div>
    ${dialog(state, actions)}
    ${state.session === "expired" ? signInDialog(state, actions) : nothing}`;
}

/** @param {State} state @param {Actions} actions */
const unreachable = ({ failure }, { session }) => html`
  <main class="front">
    <div class="state" role="alert" data-testid="error">
      ${icon("offline")}<h1>${failure?.title}</h1><p class="muted">${failure?.message}</p>
      ${reference(failure?.requestId ?? null)}
      <button type="button" class="secondary" @click=${() => session.start()}>Try again</button>
    </div>
  </main>`;

/** @param {State} state */
const statusOf = ({ reading, status }) => (reading > 0 ? `Reading the folder: ${counted(reading, "file")} so far` : status);

/** @param {State} state @param {Actions} actions */
function notices({ failure, online }, { store }) {
  const offline = html`
    <p class="notice">${icon("offline")}<span>You are offline. Uploads go on by themselves once you are back.</span></p>`;
  const alert = html`
    <div class="notice alert" role="alert" data-testid="error">
      ${icon("alert")}<p><strong>${failure?.title}.</strong> ${failure?.message}</p>${reference(failure?.requestId ?? null)}
      ${iconButton("close", "Dismiss", () => store.set({ failure: null }))}
    </div>`;
  return html`${online ? nothing : offline}${failure ? alert : nothing}`;
}

/** @param {State} state */
function dropTarget(state) {
  if (state.dragging === "none") return nothing;
  const refused = state.dragging === "refused";
  const text = refused ? "You are not permitted to upload here" : html`Drop to upload to <bdi>${folderName(state)}</bdi>`;
  return html`<div class="drop ${refused ? "refused" : ""}"><p>${icon(refused ? "lock" : "upload")}<span>${text}</span></p></div>`;
}
