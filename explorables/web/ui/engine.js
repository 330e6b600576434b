// Long work in slices, so that the page answers while it goes on.

const SLICE = 16; // ms

/**
 * Goes through a generator between events of the page.
 * @param {() => Generator | null} next what to do now; null when there is nothing
 * @param {() => void} seen called after each slice
 */
export function engine(next, seen) {
  const { port1, port2 } = new MessageChannel();
  let [work, going] = [null, false];
  port1.onmessage = () => {
    if (!going) return;
    const until = performance.now() + SLICE;
    while (going && performance.now() < until) {
      work ??= next();
      if (!work) going = false;
      else if (work.next().done) work = null;
    }
    seen();
    if (going) port2.postMessage(0);
  };
  return {
    get going() { return going; },
    go() {
      if (!going) port2.postMessage(0);
      going = true;
    },
    pause() { going = false; },
    /** Forget what was begun. */
    drop() { work = null; },
  };
}
