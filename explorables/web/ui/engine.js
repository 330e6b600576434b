// Long work in slices, so that the page answers while it goes on.

const SLICE = 16; // ms
const SEEN = 40; // ms: drawing more often costs a third of the time

/**
 * Goes through a generator between events of the page, until it is paused or the signal aborts it.
 * @param {() => Generator | null} next what to do now; null when there is nothing
 * @param {() => void} seen called now and then, and after the last slice
 * @param {AbortSignal} signal
 */
export function engine(next, seen, signal) {
  const { port1, port2 } = new MessageChannel();
  let [work, going, waiting, shown] = [null, false, false, 0];
  const wait = () => {
    if (!waiting) port2.postMessage(0);
    waiting = true;
  };
  port1.onmessage = () => {
    waiting = false;
    if (!going || signal.aborted) return;
    const until = performance.now() + SLICE;
    while (going && performance.now() < until) {
      work ??= next();
      if (!work) going = false;
      else if (work.next().done) work = null;
    }
    if (!going || performance.now() - shown > SEEN) {
      shown = performance.now();
      seen();
    }
    if (going) wait();
  };
  return {
    get going() { return going; },
    go() {
      going = true;
      wait();
    },
    pause() { going = false; },
    /** Forget what was begun. */
    drop() { work = null; },
  };
}
