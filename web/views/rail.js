/**
 * The rail: every bucket the person may see, with the folders they may enter it by.
 * On narrow screens it is a popover that the menu button opens.
 *
 * @import { State } from "./state.js"
 * @import { Actions } from "./page.js"
 * @import { Bucket, Place, Root } from "./places.js"
 */
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { icon } from "./elements.js";
import { visible } from "./names.js";
import { searchFromPlace } from "./places.js";

/** The root that leads to where the person is: the longest. @param {Bucket} bucket @param {Place | null} place */
function currentRoot({ name, roots }, place) {
  if (place?.bucket !== name) return undefined;
  const over = roots.filter(({ prefix }) => place.prefix.startsWith(prefix));
  return over.sort((one, other) => other.prefix.length - one.prefix.length)[0];
}

/**
 * A link that other tabs can open, and this one follows without loading.
 * @param {MouseEvent} event @param {Place} place @param {Actions} actions
 */
export function follow(event, place, { browsing }) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  document.getElementById("rail")?.hidePopover();
  browsing.open(place);
}

/** @param {Bucket} bucket @param {Root} root @param {boolean} current @param {Actions} actions */
function rootLink({ name, roots }, root, current, actions) {
  const place = { bucket: name, prefix: root.prefix };
  const label = root.prefix === "" ? (roots.length === 1 ? name : "Everything") : root.prefix.replace(/\/$/, "");
  const isBucket = roots.length === 1 && root.prefix === "";
  return html`
    <a class="root" href=${searchFromPlace(place)} aria-current=${current ? "true" : nothing} data-testid="root"
      data-bucket=${name} data-prefix=${root.prefix} @click=${(/** @type {MouseEvent} */ event) => follow(event, place, actions)}>
      ${icon(isBucket ? "bucket" : "folder")}<bdi class="label" title=${visible(label)}>${visible(label)}</bdi>
      ${root.actions.includes("write") ? nothing : html`<span class="hint">read only</span>`}
    </a>`;
}

/** @param {Bucket} bucket @param {State} state @param {Actions} actions */
function bucketGroup(bucket, { place }, actions) {
  const current = currentRoot(bucket, place);
  const whole = bucket.roots.length === 1 && bucket.roots[0]?.prefix === "";
  return html`
    <li data-testid="bucket-${bucket.name}">
      ${whole ? nothing : html`<p class="bucket">${icon("bucket")}<span class="label">${bucket.name}</span></p>`}
      <ul class=${whole ? "" : "roots"}>
        ${bucket.roots.map((root) => html`<li>${rootLink(bucket, root, root === current, actions)}</li>`)}
      </ul>
    </li>`;
}

/** @param {State} state @param {Actions} actions */
export const rail = (state, actions) => html`
  <nav class="rail" id="rail" aria-label="Buckets" popover>
    <p class="brand">${icon("logo")}<span>Broker</span></p>
    <div class="places">
      <h2>Buckets</h2>
      <ul class="buckets">${(state.buckets ?? []).map((bucket) => bucketGroup(bucket, state, actions))}</ul>
    </div>
    <div class="account">
      <span class="label" title=${visible(state.user)}>${visible(state.user)}</span>
      <button type="button" class="quiet" data-testid="sign-out" @click=${() => actions.session.signOut()}>${icon("sign-out")}Sign out</button>
    </div>
  </nav>`;
