// A small payment gateway that speaks HTTP: `node gateway.mjs FOLDER`. The first line it prints is its address.
// FOLDER holds what must outlive the process: transfers.jsonl, synced before a transfer is confirmed, and audit.log.
import { createServer } from "node:http";
import { appendFileSync, closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];
const transfers = join(folder, "transfers.jsonl");
const audit = (line) => appendFileSync(join(folder, "audit.log"), line + "\n");

function book(transfer) {
  const file = openSync(transfers, "a");
  writeSync(file, JSON.stringify(transfer) + "\n");
  fsyncSync(file);
  closeSync(file);
  audit(`transfer of ${transfer.cents} booked`);
}

function booked() {
  return existsSync(transfers) ? readFileSync(transfers, "utf8").trim().split("\n").map(JSON.parse) : [];
}

const server = createServer(async (request, response) => {
  const answer = (status, body) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
  if (request.method === "GET") return answer(200, booked());
  let body = "";
  for await (const chunk of request) body += chunk;
  const transfer = JSON.parse(body);
  if (!(transfer.cents > 0)) return answer(422, { error: "a transfer has an amount" });
  book(transfer);
  return answer(201, transfer);
});

server.listen(0, "127.0.0.1", () => {
  audit(`started with ${booked().length} transfers`);
  console.log(`http://127.0.0.1:${server.address().port}/`);
});
