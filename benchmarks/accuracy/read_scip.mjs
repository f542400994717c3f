// What another implementation reads in an index in the SCIP format: the decoder that scip-typescript brings with it.
//
//     node benchmarks/accuracy/read_scip.mjs FOLDER INDEX      # FOLDER has scip-typescript installed
//
// Prints JSON lines: one for each document, and one for the symbols that no document defines.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const [tools, index] = process.argv.slice(2);
const { scip } = createRequire(path.resolve(tools, "package.json"))("@sourcegraph/scip-typescript/dist/src/scip.js");

const read = scip.Index.deserializeBinary(readFileSync(index));
for (const each of read.documents) {
  console.log(
    JSON.stringify({
      path: each.relative_path,
      occurrences: each.occurrences.map((at) => [at.range, at.symbol, at.symbol_roles]),
      symbols: each.symbols.map((symbol) => [symbol.symbol, symbol.relationships.map((to) => to.symbol)]),
    }),
  );
}
console.log(JSON.stringify({ external: read.external_symbols.map((symbol) => symbol.symbol) }));
