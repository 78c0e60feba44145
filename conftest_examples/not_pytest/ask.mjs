// Sends a request to the gateway and prints its answer: `node ask.mjs URL [BODY]`.
const [url, body] = process.argv.slice(2);
console.log(await (await fetch(url, body ? { method: "POST", body } : {})).text());
