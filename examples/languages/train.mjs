// Fit y = w x by gradient descent.

import { attr, config, log, runId } from "./gage.mjs";

const { lr = 0.1 } = config();
let w = 0;
attr("language", "JavaScript");
for (let step = 0; step < 10; step++) {
  const loss = (w - 3) ** 2;
  log({ step, loss, w });
  w -= lr * 2 * (w - 3);
}
console.log(`run ${runId() ?? "-"}: w is ${w.toFixed(3)}`);
