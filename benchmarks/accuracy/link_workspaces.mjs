// Makes the links to workspace members that an installation would make, and nothing else of it.
//
//     node benchmarks/accuracy/link_workspaces.mjs COPY_OF_A_CHECKOUT
//
// A member is a tracked package.json with a name below a folder that `workspaces` of the root's package.json, or
// `packages:` of pnpm-workspace.yaml, lists as `folder`, `folder/*` or `folder/**`. Links go into node_modules at the root.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import path from "node:path";

const root = path.resolve(process.argv[2]);
const listing = execFileSync("git", ["-C", root, "ls-files", "-z", "*package.json"], { encoding: "utf8" });
const manifests = listing.split("\0").filter((file) => path.basename(file) === "package.json");

function patterns() {
  const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  const yaml = path.join(root, "pnpm-workspace.yaml");
  const block = existsSync(yaml) ? /^packages:\n((?:\s+-.*\n?)+)/m.exec(readFileSync(yaml, "utf8")) : null;
  const listed = (block?.[1] ?? "").split("\n").map((line) => line.replace(/^\s*-\s*/, "").replace(/['"]/g, "").trim());
  return [...(manifest.workspaces?.packages ?? manifest.workspaces ?? []), ...listed.filter(Boolean)];
}

function matches(pattern, folder) {
  const regex = pattern.replace(/[.+^$()[\]{}|\\]/g, "\\$&").replace(/\*\*/g, "\0").replace(/\*/g, "[^/]*");
  return new RegExp(`^${regex.replaceAll("\0", ".*")}$`).test(folder);
}

const listed = patterns();
for (const file of manifests) {
  const folder = path.dirname(file);
  if (!listed.some((pattern) => matches(pattern, folder))) continue;
  const { name } = JSON.parse(readFileSync(path.join(root, file), "utf8"));
  if (!name) continue;
  const link = path.join(root, "node_modules", name);
  mkdirSync(path.dirname(link), { recursive: true });
  if (!existsSync(link)) symlinkSync(path.join(root, folder), link, "dir");
  console.log(`${name} -> ${folder}`);
}
