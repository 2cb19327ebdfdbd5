/**
 * Frames of the page, told apart from what happens between two of them. To a frame belongs what is done in its callbacks
 * and the microtasks behind them, and whatever was done since those of the frame before. Imported before anything that
 * asks for frames, opens sockets, makes workers or sets timers.
 */
const { requestAnimationFrame, setTimeout, WebSocket, Worker } = window;

/** When each frame came, by number. */
const times = [0];
let frame = 0;
let isInside = false;
let lastTime = -1;

/** A frame has no end that tells itself: it is over when something else begins. */
const leave = () => {
  isInside = false;
};

window.requestAnimationFrame = (callback) =>
  requestAnimationFrame.call(window, (time) => {
    if (time !== lastTime) times[++frame] = performance.now();
    lastTime = time;
    isInside = true;
    callback(time);
  });

window.setTimeout = (callback, ...rest) =>
  setTimeout.call(
    window,
    (...args) => {
      leave();
      callback(...args);
    },
    ...rest,
  );

window.WebSocket = class extends WebSocket {
  constructor(...args) {
    super(...args);
    for (const name of ["open", "message", "close"]) this.addEventListener(name, leave);
  }
};

// What a worker says comes between two frames, unless it is told in the next one's callbacks.
window.Worker = class extends Worker {
  constructor(...args) {
    super(...args);
    this.addEventListener("message", leave);
  }
};

const countFrames = () => window.requestAnimationFrame(countFrames);
countFrames();

export const frames = {
  times,
  /** The number of the frame to which what is done now belongs. */
  get now() {
    return isInside ? frame : frame + 1;
  },
  /** Whether that is in its callbacks. */
  get isInside() {
    return isInside;
  },
};
