// Tests of the running gateway for node:test. They know nothing of pytest.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";

let folder, gateway, url;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "gateway-"));
  gateway = spawn(process.execPath, ["gateway.mjs", folder], { stdio: ["ignore", "pipe", "inherit"] });
  url = String((await once(gateway.stdout, "data"))[0]).trim();
});

after(() => {
  gateway.kill();
  rmSync(folder, { recursive: true });
});

const transfer = (body) => fetch(url, { method: "POST", body: JSON.stringify(body) });

describe("transfers", () => {
  it("takes a transfer", async () => {
    assert.equal((await transfer({ cents: 1250 })).status, 201);
    assert.deepEqual(await (await fetch(url)).json(), [{ cents: 1250 }]);
  });

  it("refuses a transfer of nothing", async () => {
    assert.equal((await transfer({ cents: 0 })).status, 422);
  });
});
