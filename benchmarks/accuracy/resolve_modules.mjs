// What TypeScript itself makes of every module specifier in a checkout: the yardstick of `file_edges.py`.
//
//     npm install --prefix FOLDER typescript@5        # FOLDER lies outside of every repository
//     node benchmarks/accuracy/resolve_modules.mjs FOLDER CHECKOUT > oracle.jsonl
//
// One JSON line for each specifier in a file that git tracks: {"from", "specifier", "to"}, with `to` a tracked file or
// null. Options are those of the nearest tsconfig.json or jsconfig.json; where that does not hold the file, of the first
// configuration it refers to that does. CHECKOUT must have no dependencies installed. So that packages of its workspaces
// are found nevertheless, work on a copy and give it the links that an installation would make, by
// `link_workspaces.mjs`: one node_modules folder at the root with a symbolic link per member.

import { execFileSync } from "node:child_process";
import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const [tools, checkout] = process.argv.slice(2);
const ts = createRequire(path.resolve(tools, "package.json"))("typescript");
const root = realpathSync(checkout);
const listing = execFileSync("git", ["-C", root, "ls-files", "-z"], { maxBuffer: 1 << 30, encoding: "utf8" });
const tracked = new Set(listing.split("\0").filter(Boolean));

const CODE = /\.[cm]?[jt]sx?$/;
const CONFIGS = ["tsconfig.json", "jsconfig.json"];
const configs = new Map();
const caches = new Map();

/** The configuration as TypeScript reads it, with the names of the files it holds. */
function parsed(file) {
  if (!configs.has(file)) {
    const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} };
    const config = ts.getParsedCommandLineOfConfigFile(file, {}, host);
    configs.set(file, config && { ...config, names: new Set(config.fileNames) });
  }
  return configs.get(file);
}

/** The nearest configuration file upwards that git tracks. */
function nearest(folder) {
  for (;;) {
    const found = CONFIGS.map((name) => path.join(folder, name)).find((file) => tracked.has(path.relative(root, file)));
    if (found || folder === root) return found;
    folder = path.dirname(folder);
  }
}

/** The configuration that counts for the file. */
function configOf(file) {
  const first = nearest(path.dirname(file));
  if (!first) return undefined;
  const seen = new Set();
  const queue = [first];
  for (const current of queue) {
    if (seen.has(current)) continue;
    seen.add(current);
    const config = parsed(current);
    if (config?.names.has(file)) return config;
    queue.push(...(config?.projectReferences ?? []).map((reference) => ts.resolveProjectReferencePath(reference)));
  }
  return parsed(first);
}

/** The string literals that name modules. */
function specifiers(source) {
  const found = [];
  const visit = (node) => {
    const name = named(node);
    if (name && ts.isStringLiteralLike(name)) found.push(name);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function named(node) {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isExternalModuleReference(node)) return node.expression;
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined;
  if (!ts.isCallExpression(node) || node.arguments.length === 0) return undefined;
  const isRequire = ts.isIdentifier(node.expression) && node.expression.text === "require";
  return isRequire || node.expression.kind === ts.SyntaxKind.ImportKeyword ? node.arguments[0] : undefined;
}

function cacheOf(options) {
  if (!caches.has(options)) caches.set(options, ts.createModuleResolutionCache(root, (name) => name, options));
  return caches.get(options);
}

for (const from of [...tracked].filter((name) => CODE.test(name)).sort()) {
  const file = path.join(root, from);
  const text = ts.sys.readFile(file);
  if (text === undefined) continue;
  const options = configOf(file)?.options ?? {};
  const cache = cacheOf(options);
  const format = ts.getImpliedNodeFormatForFile(file, cache.getPackageJsonInfoCache(), ts.sys, options);
  const source = ts.createSourceFile(file, text, { languageVersion: 99, impliedNodeFormat: format }, true);
  for (const literal of specifiers(source)) {
    const mode = ts.getModeForUsageLocation(source, literal, options);
    const { resolvedModule } = ts.resolveModuleName(literal.text, file, options, ts.sys, cache, undefined, mode);
    const target = resolvedModule && path.relative(root, realpathSync(resolvedModule.resolvedFileName));
    const to = target !== undefined && tracked.has(target) ? target : null;
    console.log(JSON.stringify({ from, specifier: literal.text, to }));
  }
}
