/**
 * The bill of materials of an image, as CycloneDX 1.6: the npm packages that were traced, the native libraries of Python wheels,
 * Node and what it is built from, and the packages of the base image.
 */
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

/** Libraries inside Node's binary that have vulnerabilities of their own. */
const builtIntoNode = ["openssl", "v8", "uv", "llhttp", "nghttp2", "zlib", "icu", "ares", "sqlite"];

/**
 * @param image `{ name, version, created }`; created: when the sources were committed, seconds since 1970
 * @param packages as trace() gives them
 * @param wheels `[{ project, version, sha256, license }]`
 * @param base folder with the base image's os-release and dpkg files, where it has them
 */
export function billOfMaterials({ image, packages, wheels, base }) {
  const system = operatingSystem(base);
  const components = [
    ...packages.map(npmPackage),
    ...wheels.map(wheel),
    node(),
    ...(system ? [system.component, ...debianPackages(base, system)] : []),
  ];
  const purl = `pkg:oci/${image.name}@${encodeURIComponent(image.version)}`;
  const digest = createHash("sha256")
    .update(JSON.stringify([image, components]))
    .digest("hex");
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    // From the content, so that the same image has the same bill; marked as a version 8 UUID.
    serialNumber: `urn:uuid:${digest.slice(0, 8)}-${digest.slice(8, 12)}-8${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`,
    version: 1,
    metadata: {
      timestamp: new Date(image.created * 1000).toISOString(),
      component: {
        type: "container",
        "bom-ref": purl,
        name: image.name,
        version: image.version,
        licenses: licenses("MIT"),
      },
    },
    components,
  };
}

function npmPackage({ name, version, license, own }) {
  const [scope, plain] = name.startsWith("@") ? name.split("/") : [undefined, name];
  const purl = `pkg:npm/${scope ? `${encodeURIComponent(scope)}/` : ""}${plain}@${version}`;
  return {
    type: "library",
    "bom-ref": purl,
    ...(scope && { group: scope }),
    name: plain,
    version,
    licenses: licenses(license),
    purl,
    ...(own && { properties: [{ name: "pssr:origin", value: "this project" }] }),
  };
}

function wheel({ project, version, sha256, license }) {
  const purl = `pkg:pypi/${project}@${version}`;
  return {
    type: "library",
    "bom-ref": purl,
    name: project,
    version,
    hashes: [{ alg: "SHA-256", content: sha256 }],
    licenses: licenses(license),
    purl,
  };
}

function node() {
  const version = process.versions.node;
  return {
    type: "platform",
    "bom-ref": `pkg:generic/node@${version}`,
    name: "node",
    version,
    licenses: licenses("MIT"),
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
    purl: `pkg:generic/node@${version}`,
    components: builtIntoNode
      .filter((name) => process.versions[name])
      .map((name) => {
        const purl = `pkg:generic/${name}@${encodeURIComponent(process.versions[name])}`;
        return { type: "library", "bom-ref": purl, name, version: process.versions[name], purl };
      }),
  };
}

/** SPDX expressions and identifiers as one; anything else by its name. */
function licenses(license) {
  if (!license) return [];
  return /^[A-Za-z0-9.+() -]+$/.test(license) && !/^see /i.test(license)
    ? [{ expression: license }]
    : [{ license: { name: license } }];
}

function operatingSystem(base) {
  const file = path.join(base, "os-release");
  if (!fs.existsSync(file)) return undefined;
  const read = (key) => new RegExp(`^${key}="?([^"\n]*)"?$`, "m").exec(fs.readFileSync(file, "utf8"))?.[1];
  const [id, version] = [read("ID") ?? "linux", read("VERSION_ID") ?? ""];
  const component = { type: "operating-system", "bom-ref": `os:${id}-${version}`, name: id, version };
  return { id, version, component };
}

/** One file for all (Debian), or one for each package (images without dpkg itself). */
function debianPackages(base, { id, version }) {
  const found = new Map();
  for (const file of fs.readdirSync(base).filter((name) => name !== "os-release" && !/(-old|\.md5sums)$/.test(name))) {
    for (const stanza of fs.readFileSync(path.join(base, file), "utf8").split(/\n\n+/)) {
      const field = (name) => new RegExp(`^${name}: (.*)$`, "m").exec(stanza)?.[1];
      const [name, release, arch] = [field("Package"), field("Version"), field("Architecture")];
      if (name === undefined || release === undefined || /not-installed|config-files/.test(field("Status") ?? ""))
        continue;
      const purl = `pkg:deb/${id}/${encodeURIComponent(name)}@${encodeURIComponent(release)}?arch=${arch}&distro=${id}-${version}`;
      found.set(purl, { type: "library", "bom-ref": purl, name, version: release, purl });
    }
  }
  return [...found.keys()].sort().map((purl) => found.get(purl));
}
