// Bundle the page into the folder given as the only argument: hashed scripts and styles, index.html, licences; and
// beside it the snippet for web sites.
import { build } from "esbuild";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const target = process.argv[2];
if (!target) throw new Error("usage: node build.mjs TARGET-FOLDER");

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: ["src/main.ts", "src/page.css"],
  outdir: target,
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  charset: "utf8",
  entryNames: "assets/[name]-[hash]",
  chunkNames: "assets/[name]-[hash]",
  loader: { ".json": "json" },
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});

// What web sites put on their pages: one small file under a name that stays.
await build({
  absWorkingDir: here,
  entryPoints: ["embed/visit.ts"],
  outfile: join(target, "embed/visit.js"),
  bundle: true,
  format: "iife",
  target: "es2020",
  minify: true,
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
});

const outputs = Object.entries(metafile.outputs).map(([path, output]) => ({
  ...output,
  url: `/${relative(target, join(here, path)).replaceAll("\\", "/")}`,
}));
const script = outputs.find((output) => output.entryPoint === "src/main.ts");
const style = outputs.find((output) => output.entryPoint === "src/page.css");
const preloads = script.imports
  .filter((imported) => imported.kind === "import-statement")
  .map((imported) => `/${relative(target, join(here, imported.path)).replaceAll("\\", "/")}`);

const page = readFileSync(join(here, "src/index.html"), "utf8")
  .replace("%SCRIPT%", script.url)
  .replace("%STYLE%", style.url)
  .replace("%PRELOADS%", preloads.map((url) => `<link rel="modulepreload" href="${url}">`).join("\n    "));
mkdirSync(target, { recursive: true });
writeFileSync(join(target, "index.html"), page);
writeFileSync(join(target, "favicon.svg"), readFileSync(join(here, "src/favicon.svg")));
writeFileSync(join(target, "THIRD-PARTY.txt"), licences(metafile));

// Beside each script and style its compressed form, which the hub hands to every browser that takes it.
for (const name of readdirSync(join(target, "assets"))) {
  const file = join(target, "assets", name);
  writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
}

/** The licence text of every package a line of which is in the bundle. */
function licences({ inputs }) {
  const folders = new Set();
  for (const path of Object.keys(inputs)) {
    const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path);
    if (found) folders.add(found[1]);
  }
  return [...folders]
    .sort()
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(here, folder, "package.json"), "utf8"));
      const file = readdirSync(join(here, folder)).find((entry) => /^licen[cs]e/i.test(basename(entry)));
      const text = file ? readFileSync(join(here, folder, file), "utf8") : "";
      return `${name} ${version} (${license})\n\n${text.trim()}\n`;
    })
    .join(`\n${"-".repeat(80)}\n\n`);
}
