/** From a recording to its score: the parts, and the job on the embedded server. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { testServer } from "../testing.mjs";
import { STAGES } from "../work/stages.mjs";
import { MEDIA_TYPE, tempo, writeScore } from "./musicxml.mjs";
import { transcribe } from "./notes.mjs";
import { separate } from "./stems.mjs";

const RATE = 22_050;
const SECONDS = 0.5;
const MELODY = [60, 64, 67, 67, 72];

/** A melody of tones that fade in and out. @param {readonly number[]} melody */
function play(melody) {
  return Float32Array.from({ length: melody.length * SECONDS * RATE }, (_, index) => {
    const time = index / RATE;
    const midi = melody[Math.floor(time / SECONDS)];
    const part = (time % SECONDS) / SECONDS;
    const hertz = 440 * 2 ** ((midi - 69) / 12);
    return 0.5 * Math.min(1, part * 20, (1 - part) * 6) * Math.sin(2 * Math.PI * hertz * time);
  });
}

describe("transcription", () => {
  it("splits into stems that are the recording again", () => {
    const samples = play([40, 60, 105]);
    const stems = separate(samples, RATE, () => {});
    for (const [index, sample] of samples.entries())
      assert.ok(Math.abs(stems.reduce((sum, stem) => sum + stem[index], 0) - sample) < 1e-4);
    const power = stems.map((stem) => stem.reduce((sum, sample) => sum + sample * sample, 0));
    for (const one of power) assert.ok(one > 0.25 * Math.max(...power), "each of them has its tone");
  });

  it("finds the notes of a melody, repeated ones as well", () => {
    const notes = transcribe(play(MELODY), RATE, () => {});
    assert.deepEqual(
      notes.map(({ midi }) => midi),
      MELODY,
    );
    for (const [place, { start }] of notes.entries()) assert.ok(Math.abs(start - place * SECONDS) < 0.05);
  });

  it("finds none in silence and noise", () => {
    let seed = 1;
    const noise = Float32Array.from({ length: RATE }, () => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed / 2 ** 32 - 0.5;
    });
    for (const samples of [new Float32Array(RATE), new Float32Array(10), noise])
      assert.deepEqual(
        transcribe(samples, RATE, () => {}),
        [],
      );
  });

  it("writes measures that are full, with ties over bar lines and escaped titles", () => {
    const notes = [0, 0.5, 1, 1.5].map((start) => ({ start, duration: 0.5, midi: 61 }));
    notes.push({ start: 3.5, duration: 1, midi: 60 });
    const score = writeScore(notes, "A & B");
    assert.equal(tempo(notes), 120);
    assert.match(score, /<work-title>A &#38; B</);
    assert.match(score, /<step>C<\/step><alter>1<\/alter><octave>4</);
    const measures = score.split("<measure ").slice(1);
    assert.equal(measures.length, 3);
    for (const measure of measures) {
      const steps = [...measure.matchAll(/<duration>(\d+)</g)].map(([, count]) => Number(count));
      assert.equal(
        steps.reduce((sum, count) => sum + count, 0),
        16,
      );
    }
    assert.match(measures[1], /<tie type="start"\/>/);
    assert.match(measures[2], /<tie type="stop"\/>/);
  });
});

describe("a transcription job", async () => {
  const server = await testServer();
  const recording = readFileSync(new URL("../../../scripts/sample.wav", import.meta.url));

  it("goes through its stages to a score", async () => {
    // Of every job: one of its own would come after the first stage.
    const socket = server.socket("/api/v1/stream");
    await socket.opened;
    const { body } = await server.upload("sample.wav", recording, "?work=transcription&pace=30");
    const isOwn = (/** @type {{ job_id?: string }} */ { job_id: id }) => id === body.job_id;
    const { result_url: url } = await socket.message((news) => isOwn(news) && news.type === "completed");
    const stages = new Set(socket.messages.filter(isOwn).map(({ stage }) => stage));
    stages.delete(undefined);
    assert.deepEqual(
      [...stages].filter((stage) => stage !== "queued"),
      STAGES.transcription.map(({ name }) => name),
    );
    const score = await server.call(url);
    assert.equal(score.headers.get("content-type"), MEDIA_TYPE);
    assert.match(score.text, /<work-title>sample<[\s\S]*<pitch>/);
    const elsewhere = await server.call(url.replace("scores", "results"));
    assert.deepEqual([elsewhere.status, elsewhere.body.detail], [404, `Its result is at ${url}.`]);
  });

  it("is refused for good where the file is no recording", async () => {
    const { body } = await server.upload("a.txt", "no recording", "?work=transcription");
    const socket = server.socket(`/api/v1/jobs/${body.job_id}/stream`);
    const { error } = await socket.message(({ type }) => type === "error");
    assert.deepEqual([error.retryable, error.stage], [false, "download"]);
    assert.match(error.message, /not a WAV file/);
  });

  it("fails in a stage that it has, and no other", async () => {
    const query = "?work=transcription&fail=";
    assert.equal((await server.upload("a", "a", `${query}hash`)).status, 400);
    assert.equal((await server.upload("a", "a", "?work=nothing")).status, 400);
    const { body } = await server.upload("a.wav", recording, `${query}separation`);
    const socket = server.socket(`/api/v1/jobs/${body.job_id}/stream`);
    const { error } = await socket.message(({ type }) => type === "error");
    assert.deepEqual([error.retryable, error.stage], [true, "separation"]);
    assert.equal((await server.post(`/api/v1/jobs/${body.job_id}/retry`)).status, 202);
  });
});
