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
import { reference } from "./list-states.js";
import { iconOf, visible } from "./names.js";
import { lineOf } from "./tray-model.js";

const MOVING = new Set(["waiting", "fingerprinting", "starting", "sending"]);
const STOPPABLE = new Set([...MOVING, "paused", "failed"]);
/** The broker's word for a name that is taken. */
const EXISTS = "object_exists";
const WITH_BAR = new Set(["starting", "sending", "paused", "completing"]);

/**
 * @typedef {object} Command
 * @property {string} name icon
 * @property {string} label
 * @property {string} testId
 * @property {() => void} run
 */

/** What moves or stands still. @param {UploadRow} row @param {Actions} actions @returns {Command | null} */
function goingOn({ id, state, pausedBy, error }, { engine, transfers }) {
  if (MOVING.has(state)) return { name: "pause", label: "Pause", testId: "pause", run: () => engine.pause(id) };
  if (state === "paused" && pausedBy !== "sign-in") return { name: "play", label: "Resume", testId: "resume", run: () => engine.resume(id) };
  if (state !== "failed") return null;
  if (error?.code === EXISTS) return { name: "upload", label: "Replace", testId: "replace-row", run: () => transfers.replace(id) };
  return { name: "retry", label: "Retry", testId: "retry", run: () => engine.retry(id) };
}

/** Where it was cancelled, it can be taken up again. @param {UploadRow} row @param {Actions} actions @returns {Command | null} */
function stopping({ id, state }, { engine }) {
  if (state === "cancelled") return { name: "retry", label: "Retry", testId: "retry", run: () => engine.retry(id) };
  return STOPPABLE.has(state) ? { name: "close", label: "Cancel", testId: "cancel", run: () => engine.cancel(id) } : null;
}

/** One button for each place, whatever it does at the moment: so it keeps the focus. @param {Command | null} command @param {string} upload */
function button(command, upload) {
  if (command === null) return nothing;
  const { name, label, testId, run } = command;
  const hint = `${label} ${upload}`;
  const spelled = testId === "replace-row";
  return html`
    <button type="button" class=${spelled ? "quiet" : "icon-button"} aria-label=${hint} title=${hint} data-testid=${testId}
      @click=${run}>${icon(name)}${spelled ? label : nothing}</button>`;
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
      <div class="commands">${button(goingOn(row, actions), visible(row.name))}${button(stopping(row, actions), visible(row.name))}</div>
      <span class="muted line">${row.error ? row.error.message : lineOf(row)}</span>
      ${reference(row.error?.requestId ?? null)}
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
