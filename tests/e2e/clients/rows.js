// Prints what node-postgres makes of the rows of queries: a line of JSON for each, a list of rows, each a list of [type, value].
//
//   node rows.js text|prepared QUERY...        the connection is said by PGHOST, PGPORT, ...
"use strict";

const { Client } = require("pg");

function told(value) {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return ["Array", value.map(told)];
  if (Buffer.isBuffer(value)) return ["Buffer", value.toString("hex")];
  if (value instanceof Date) return ["Date", Number.isNaN(value.getTime()) ? "invalid" : value.toISOString()];
  if (typeof value === "object") return [value.constructor.name, JSON.stringify(value)];
  return [typeof value, String(value)];
}

async function main() {
  const [how, ...queries] = process.argv.slice(2);
  const client = new Client();
  await client.connect();
  for (const text of queries) {
    const query = { text, rowMode: "array" };
    if (how === "prepared") query.name = "prepared";
    let result = await client.query(query);
    if (how === "prepared") result = await client.query(query);
    console.log(JSON.stringify(result.rows.map((row) => row.map(told))));
  }
  await client.end();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
