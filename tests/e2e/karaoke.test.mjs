/// <reference path="./pages/window.d.ts" />
/** The karaoke page in real browsers: its queue, its player and its remote, on both real servers of system B. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import axe from "axe-core";
import { buildPage } from "../../scripts/lib/demo.mjs";
import { post, useStage } from "./stage.mjs";
import { startEmbeddedServer } from "./support/backend.mjs";
import { hasWorkers } from "./support/browser.mjs";
import { KARAOKE_SERVERS, Screen, sendTone } from "./support/karaoke.mjs";
import { WAIT_MS } from "./support/patience.mjs";

/** Of the song that the tests play: longer than they take. */
const SONG_SECONDS = 120;
/** Screens that differ by less than this many seconds are in step. */
const IN_STEP_SECONDS = 0.3;
/** How long a song that ended, or was cancelled, is shown. */
const ENDED_SHOWN_MS = 3000;
const CANCELLED_SHOWN_MS = 1000;
/** On a busy machine a song goes later than it should. */
const LATE_MS = 10_000;

/**
 * On a busy machine a song is also seen later than it is known.
 * @param {number} measured
 * @param {number} wanted
 * @param {number} [most]
 */
function assertShownFor(measured, wanted, most = wanted + LATE_MS) {
  assert.ok(measured >= wanted / 2 && measured < most, `shown for ${measured} ms`);
}

/**
 * Awaits that two screens are at the same position.
 * @param {Screen} first
 * @param {Screen} second
 * @param {number} [tolerance] in seconds
 */
async function atOnePosition(first, second, tolerance = IN_STEP_SECONDS) {
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    const [here, there] = await Promise.all([first.position(), second.position()]);
    if (Math.abs(here - there) <= tolerance) return;
    assert.ok(performance.now() < deadline, `${here} s here, ${there} s there`);
  }
}

describe("the karaoke page", () => {
  const stage = useStage();
  /** Serves the page. @type {import("./support/backend.mjs").Backend} */
  let host;
  /** @type {Screen[]} */
  const screens = [];

  before(async () => {
    buildPage();
    host = await startEmbeddedServer();
  });
  afterEach(async () => {
    const used = screens.splice(0);
    const errors = used.flatMap(({ test }) => test.errors);
    await Promise.all(used.map((screen) => screen.close()));
    assert.deepEqual(errors, []);
  });
  after(() => host.kill());

  /**
   * @param {"chromium" | "firefox"} browser
   * @param {string} server
   * @param {{ query?: string, viewport?: { width: number, height: number } }} [options]
   */
  async function open(browser, server, { query = "", viewport } = {}) {
    const url = `${host.url}/karaoke.html?server=${encodeURIComponent(server)}${query}`;
    const screen = await Screen.open(await stage.browser(browser), url, viewport);
    screens.push(screen);
    await screen.inStep();
    return screen;
  }

  for (const { name, start } of KARAOKE_SERVERS) {
    describe(name, () => {
      /** @type {import("./support/backend.mjs").Backend} */
      let server;
      /** The first and the last of its processes: what one hears the other has to tell. */
      let [here, there] = ["", ""];
      /** The first that is done, which every screen plays. */
      let song = "";

      before(async () => {
        server = await start();
        [here, there] = [server.url, server.urls.at(-1) ?? server.url];
        song = await sendTone(here, { seconds: SONG_SECONDS });
      });
      after(() => server.kill());

      it("plays the same song on every screen: the first that is done, until somebody chooses another", async () => {
        const [first, second] = [await open("chromium", here), await open("chromium", there)];
        const chosen = (/** @type {Screen} */ screen, /** @type {string} */ id) =>
          screen.until((song) => document.querySelector(`[data-done-id='${song}'] [aria-pressed=true]`), id);
        for (const screen of [first, second]) await chosen(screen, song);
        const later = await sendTone(here);
        await second.until((id) => document.querySelector(`[data-done-id='${id}']`), later);
        await chosen(second, song);
        for (const id of [later, song]) {
          await second.page.click(`[data-done-id='${id}'] button`);
          for (const screen of [first, second]) await chosen(screen, id);
        }
        await first.shows("currentTime", "0:00 of 2:00");
      });

      it("takes a song through the queue to two results that can be heard", async () => {
        const screen = await open("chromium", here);
        const onlooker = await open("chromium", there);
        const id = await screen.sendSample();
        assertShownFor(await screen.shownAfter(id, "completed"), ENDED_SHOWN_MS);
        const states = (await screen.steps())[id]?.map(({ status }) => status) ?? [];
        assert.deepEqual(states.slice(-3), ["processing", "completed", "removed"]);
        await onlooker.until((song) => document.querySelector(`[data-done-id='${song}']`), id);
        assert.ok((await screen.done()).includes(id));

        const levels = await screen.page.evaluate(async (song) => {
          const links = [...document.querySelectorAll(`[data-done-id='${song}'] a`)];
          const context = new OfflineAudioContext(1, 1, 22_050);
          return Promise.all(
            links.map(async (link) => {
              const response = await fetch(/** @type {HTMLAnchorElement} */ (link).href);
              const samples = (await context.decodeAudioData(await response.arrayBuffer())).getChannelData(0);
              return Math.sqrt(samples.reduce((sum, sample) => sum + sample ** 2, 0) / samples.length);
            }),
          );
        }, id);
        assert.equal(levels.length, 2);
        for (const level of levels) assert.ok(level > 0.01, `the result has a level of ${level}`);
      });

      it("drops a cancelled song after one second", async () => {
        const screen = await open("chromium", here);
        await screen.press("Slow songs down");
        const id = await screen.sendSample();
        await screen.page.click(`[data-song-id='${id}'] button`);
        assertShownFor(await screen.shownAfter(id, "cancelled"), CANCELLED_SHOWN_MS, ENDED_SHOWN_MS);
        assert.ok(!(await screen.done()).includes(id));
      });

      it("drops a failed song after three seconds, and says why it failed", async () => {
        const screen = await open("chromium", here);
        await screen.press("Make the next song fail");
        const id = await screen.sendSample();
        const reason = await screen.until(
          (song) => document.querySelector(`[data-song-id='${song}'] .card-problem`)?.textContent,
          id,
        );
        assert.ok(String(reason).length > 10);
        assertShownFor(await screen.shownAfter(id, "failed"), ENDED_SHOWN_MS);
        assert.ok(!(await screen.done()).includes(id));
      });

      it("keeps two browsers in step, whoever acts", async () => {
        const first = await open("chromium", here);
        const second = await open("firefox", there);
        await first.slide("vocalVolume", 37);
        await second.shows("vocalVolume", "37 %");
        await second.slide("instrumentalVolume", 64);
        await first.shows("instrumentalVolume", "64 %");
        await first.slide("lyricsOffset", -400);
        await second.shows("lyricsOffset", "0.4 s earlier");
        await second.chooseSize("large");
        await first.until(() => document.querySelector(".stage[data-size=large]"));

        await second.press("To the beginning");
        await first.pressPlay();
        await second.isPlaying(true);
        await second.until(
          () => Number(document.querySelector(".position")?.getAttribute("data-seconds")) > 1,
        );
        await atOnePosition(first, second);
        await second.pressPlay();
        await first.isPlaying(false);
        await atOnePosition(first, second, 0);
      });

      it("tells a screen that joins late where playback is", async () => {
        const first = await open("chromium", here);
        await first.press("To the beginning");
        await first.pressPlay();
        await first.until(
          () => Number(document.querySelector(".position")?.getAttribute("data-seconds")) > 2,
        );
        const late = await open("chromium", there);
        await late.isPlaying(true);
        await atOnePosition(first, late);
        await late.pressPlay();
        await first.isPlaying(false);
      });

      it("shows a change at once where it is made, and yields to what the server has in the end", async () => {
        const slow = await stage.proxy(there);
        const first = await open("chromium", here);
        const second = await open("chromium", slow.url);
        await first.slide("vocalVolume", 50);
        await second.shows("vocalVolume", "50 %");
        slow.latency(1000);
        await second.note("vocalVolume");
        await second.slide("vocalVolume", 70);
        assert.equal(await second.shown("vocalVolume"), "70 %");
        assert.equal(await first.shown("vocalVolume"), "50 %");
        await first.slide("vocalVolume", 20);
        // The slower one was later at the server.
        await first.shows("vocalVolume", "70 %");
        await second.until(() => document.querySelector("[data-control=vocalVolume][data-own=false]"));
        assert.equal(await second.shown("vocalVolume"), "70 %");
        assert.deepEqual(await second.noted(), ["70 %"]);
      });

      it("forces no change upon others that was done but not acknowledged when the network broke", async () => {
        const slow = await stage.proxy(there);
        const first = await open("chromium", here);
        const second = await open("chromium", slow.url);
        slow.latency(1000);
        await second.slide("vocalVolume", 70);
        // Its acknowledgement is on its way back for another second.
        await first.shows("vocalVolume", "70 %");
        await slow.mode("down");
        await first.slide("vocalVolume", 30);
        slow.latency(0);
        await slow.mode("pass");
        await second.shows("vocalVolume", "30 %");
        await second.inStep();
        await second.until(() => document.querySelector("[data-control=vocalVolume][data-own=false]"));
        assert.deepEqual(
          [await first.shown("vocalVolume"), await second.shown("vocalVolume")],
          ["30 %", "30 %"],
        );
      });

      it("sends a change again that was lost on its way when the network broke", async () => {
        const lossy = await stage.proxy(there);
        const first = await open("chromium", here);
        const second = await open("chromium", lossy.url);
        await first.slide("vocalVolume", 40);
        await second.shows("vocalVolume", "40 %");
        await lossy.mode("silent");
        await second.slide("vocalVolume", 71);
        assert.equal(await second.shown("vocalVolume"), "71 %");
        await lossy.mode("down");
        await lossy.mode("pass");
        await first.shows("vocalVolume", "71 %");
      });

      it("comes back in step after every connection was cut", async () => {
        const first = await open("chromium", here);
        const second = await open("chromium", there);
        for (const url of server.urls) await post(`${url}/api/_control/cut`);
        await first.slide("vocalVolume", 81);
        await second.shows("vocalVolume", "81 %");
        await second.slide("vocalVolume", 82);
        await first.shows("vocalVolume", "82 %");
        const id = await first.sendSample();
        await second.until((song) => document.querySelector(`[data-done-id='${song}']`), id);
      });

      it("sends the last of what was changed offline, and hears what it missed", async () => {
        const first = await open("chromium", here);
        const second = await open("chromium", there);
        await second.press("Go offline");
        await second.until(() => !document.querySelector("[data-joined='true']"));
        for (const value of [10, 20, 33]) await second.slide("vocalVolume", value);
        await first.slide("instrumentalVolume", 44);
        await first.until(() => document.querySelector("[data-control=instrumentalVolume][data-own=false]"));
        assert.equal(await second.shown("vocalVolume"), "33 %");
        await first.note("vocalVolume");
        await second.press("Go offline");
        await first.shows("vocalVolume", "33 %");
        await second.shows("instrumentalVolume", "44 %");
        await second.until(() => document.querySelector("[data-control=vocalVolume][data-own=false]"));
        assert.deepEqual(await first.noted(), ["33 %"]);
      });

      it("reads its jobs over HTTP while it has no connection", async () => {
        const screen = await open("chromium", here);
        await screen.press("Go offline");
        await screen.until(() => !document.querySelector("[data-joined='true']"));
        const id = await screen.sendSample();
        await screen.until((song) => document.querySelector(`[data-done-id='${song}']`), id);
        assertShownFor(await screen.shownAfter(id, "completed"), ENDED_SHOWN_MS);
      });
    });
  }

  describe("for everybody", () => {
    it("has a remote for a phone: the controls alone, in step with the player", async () => {
      const player = await open("chromium", host.url);
      const remote = await open("chromium", host.url, {
        query: "&view=remote",
        viewport: { width: 390, height: 844 },
      });
      assert.equal(await remote.page.$(".drop"), null);
      assert.ok(await remote.page.evaluate(() => document.documentElement.scrollHeight <= innerHeight));
      await remote.slide("vocalVolume", 12);
      await player.shows("vocalVolume", "12 %");
      await remote.pressPlay();
      await player.isPlaying(true);
      await player.pressPlay();
      await remote.isPlaying(false);
    });

    for (const scheme of ["light", "dark"]) {
      it(`passes axe in the ${scheme} scheme, and fits 320 pixels`, async () => {
        for (const query of ["", "&view=remote"]) {
          const screen = await open("chromium", host.url, { query });
          await screen.page.emulateMediaFeatures([
            { name: "prefers-color-scheme", value: scheme },
            { name: "prefers-reduced-motion", value: "reduce" },
          ]);
          if (query === "") await screen.sendSample();
          await screen.page.evaluate(axe.source);
          const { violations } = await screen.page.evaluate(() => window.axe.run());
          assert.deepEqual(
            violations.map((/** @type {any} */ { id, nodes }) => [id, nodes[0]?.html]),
            [],
          );
          await screen.page.setViewport({ width: 320, height: 700 });
          assert.ok(await screen.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
        }
      });
    }

    it("works with the keyboard alone", async () => {
      const [screen, other] = [await open("chromium", host.url), await open("chromium", host.url)];
      await screen.slide("vocalVolume", 50);
      await other.shows("vocalVolume", "50 %");
      await screen.page.focus("[data-control=vocalVolume] input");
      await screen.page.keyboard.press("ArrowRight");
      await other.shows("vocalVolume", "51 %");
      await screen.page.focus("input[value=medium]");
      await screen.page.keyboard.press("ArrowRight");
      await other.until(() => document.querySelector(".stage[data-size=large]"));
      await screen.page.focus(".play");
      await screen.page.keyboard.press("Space");
      await other.isPlaying(true);
      await screen.page.keyboard.press("Space");
      await other.isPlaying(false);
    });

    it("runs over HTTP long-polling alone, and in a worker", async () => {
      const first = await open("chromium", host.url, { query: "&transports=polling" });
      const second = await open("chromium", host.url, { query: "&worker=1" });
      await first.slide("vocalVolume", 91);
      await second.shows("vocalVolume", "91 %");
      assert.ok(hasWorkers(second.page));
      await second.slide("vocalVolume", 92);
      await first.shows("vocalVolume", "92 %");
    });

    for (const browser of /** @type {const} */ (["chromium", "firefox"])) {
      it(`takes a song to its end in a worker, in ${browser}`, async () => {
        const screen = await open(browser, host.url, { query: "&worker=1" });
        const id = await screen.sendSample();
        await screen.shownAfter(id, "completed");
        const states = (await screen.steps())[id]?.map(({ status }) => status) ?? [];
        assert.deepEqual(states.slice(-3), ["processing", "completed", "removed"]);
        assert.ok(hasWorkers(screen.page));
      });
    }
  });
});
