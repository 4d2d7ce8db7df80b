/**
 * The upload tray: the whole first, failures next, then each upload with what can be done about it.
 *
 * @import { UploadRow } from "../client/types.d.ts"
 * @import { State } from "./state.js"
 * @import { Actions } from "./page.js"
 */
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { icon, iconButton, nameText } from "./elements.js";
import { counted, percent } from "./format.js";
import { iconOf, visible } from "./names.js";
import { lineOf } from "./tray-model.js";

const MOVING = new Set(["waiting", "fingerprinting", "starting", "sending"]);
const STOPPABLE = new Set([...MOVING, "paused", "failed"]);
const WITH_BAR = new Set(["starting", "sending", "paused", "completing"]);

/** @param {UploadRow} row @param {Actions} actions */
function buttons({ id, name, state, pausedBy }, { engine }) {
  const label = visible(name);
  const resumable = state === "paused" && pausedBy !== "sign-in";
  const retriable = state === "failed" || state === "cancelled";
  return html`
    ${MOVING.has(state) ? iconButton("pause", `Pause ${label}`, () => engine.pause(id), { testId: "pause" }) : nothing}
    ${resumable ? iconButton("play", `Resume ${label}`, () => engine.resume(id), { testId: "resume" }) : nothing}
    ${retriable ? iconButton("retry", `Retry ${label}`, () => engine.retry(id), { testId: "retry" }) : nothing}
    ${STOPPABLE.has(state) ? iconButton("close", `Cancel ${label}`, () => engine.cancel(id), { testId: "cancel" }) : nothing}`;
}

/** @param {UploadRow} row */
function mark({ state, name }) {
  if (state === "failed") return icon("alert");
  return icon(state === "done" ? "check" : iconOf(name));
}

/** @param {UploadRow} row @param {Actions} actions */
const upload = (row, actions) => html`
  <li class="upload ${row.state}" data-testid="upload" data-name=${row.name} data-state=${row.state}>
    ${mark(row)}
    <div class="what">
      ${nameText(row.name)}
      <div class="commands">${buttons(row, actions)}</div>
      <span class="muted line">${row.error ? row.error.message : lineOf(row)}</span>
      ${WITH_BAR.has(row.state)
        ? html`<progress aria-label=${visible(row.name)} max=${row.size || 1} .value=${row.sent}></progress>`
        : nothing}
    </div>
  </li>`;

/** @param {boolean} running @param {boolean} failures @param {Actions} actions */
function closeButton(running, failures, { engine, transfers }) {
  if (running || failures) return iconButton("close", "Cancel all", () => transfers.askToCancelAll(), { testId: "cancel-all" });
  return iconButton("close", "Clear the list", () => engine.clearFinished(), { testId: "clear" });
}

/** @param {State} state @param {Actions} actions */
function head({ tray, trayOpen }, actions) {
  const { total, headline, detail } = tray;
  const fold = trayOpen ? "Fold the uploads" : "Show the uploads";
  const left = total.size === 0 ? 0 : total.sent / total.size;
  return html`
    <div class="head">
      <h2>${headline}${total.failed > 0 ? html` · <span class="failures">${total.failed} failed</span>` : nothing}</h2>
      <div class="commands">
        ${total.active > 1 ? iconButton("pause", "Pause all", () => actions.engine.pauseAll(), { testId: "pause-all" }) : nothing}
        ${tray.paused ? iconButton("play", "Resume all", () => actions.engine.resumeAll(), { testId: "resume-all" }) : nothing}
        ${closeButton(total.active > 0 || tray.paused, total.failed > 0, actions)}
        <button type="button" class="icon-button" aria-expanded=${trayOpen} aria-label=${fold} title=${fold}
          @click=${() => actions.store.set({ trayOpen: !trayOpen })}>${icon(trayOpen ? "down" : "up")}</button>
      </div>
      ${detail ? html`<p class="muted line">${detail}</p>` : nothing}
      <progress class="total" data-testid="total" aria-label="All uploads, ${percent(left)}" max=${total.size || 1}
        .value=${total.size === 0 ? Number(total.active === 0) : total.sent}></progress>
    </div>`;
}

/** @param {State} state @param {Actions} actions */
export function tray(state, actions) {
  const { rows, hidden, total } = state.tray;
  if (rows.length === 0) return nothing;
  const tone = total.active > 0 ? "" : "settled";
  return html`
    <section class="tray ${tone}" aria-label="Uploads" data-testid="tray">
      ${head(state, actions)}
      <p class="unseen" role="alert">${total.failed > 0 ? `${counted(total.failed, "upload")} failed` : nothing}</p>
      <ul class="uploads" ?hidden=${!state.trayOpen}>
        ${repeat(rows, ({ id }) => id, (row) => upload(row, actions))}
        ${hidden > 0 ? html`<li class="hidden-rows muted">and ${counted(hidden, "more upload", "more uploads")}</li>` : nothing}
      </ul>
    </section>`;
}
