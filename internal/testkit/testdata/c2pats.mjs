// Reads the manifests of files with c2pa-ts and prints {file: {"state": …, "failures": [codes]}}. Its arguments are the folder of modules and
// the files.
import fs from "node:fs";
import { pathToFileURL } from "node:url";

const [modules, ...files] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(`${modules}/${name}`));
await load("reflect-metadata/Reflect.js");
const { BMFF, JPEG, PNG } = await load("@trustnxt/c2pa-ts/dist/asset/index.js");
const { SuperBox } = await load("@trustnxt/c2pa-ts/dist/jumbf/index.js");
const { ManifestStore } = await load("@trustnxt/c2pa-ts/dist/manifest/index.js");

async function read(data) {
  const kind = [JPEG, PNG, BMFF].find((k) => k.canRead(data));
  const asset = await (kind.create ? kind.create(data) : new kind(data));
  const store = ManifestStore.read(SuperBox.fromBuffer(await asset.getManifestJUMBF()));
  const result = await store.validate(asset);
  const failures = result.statusEntries.filter((e) => !e.success).map((e) => e.code);
  return { state: result.isValid ? "Valid" : "Invalid", failures };
}

const answer = {};
for (const file of files) {
  try {
    answer[file] = await read(fs.readFileSync(file));
  } catch (error) {
    answer[file] = { state: "Unreadable", failures: [String(error.explanation ?? error.message ?? error), String(error.cause ?? "")] };
  }
}
console.log(JSON.stringify(answer));
