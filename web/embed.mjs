// Builds the page and packs it for the binary: OUT/web_assets.bin (all files, one after another, compressed where that
// helps) and OUT/web_assets.inc (the table that src/maru/web/assets.cc includes). Run by CMake when a source changed.
//
//   node web/embed.mjs OUT
//
// What it builds is kept under ~/.cache/maru-web by a hash of every source, as ccache does for C++: a second checkout
// or a branch switched back to needs neither `npm ci` nor Vite.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const web = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2];
if (!out) throw new Error('usage: node embed.mjs OUTPUT_FOLDER');
const products = ['web_assets.bin', 'web_assets.inc'];

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
  '.png': 'image/png',
};

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .sort();
}

function sourceHash() {
  const hash = createHash('sha256');
  const roots = ['embed.mjs', 'index.html', 'package.json', 'package-lock.json', 'tsconfig.json', 'vite.config.ts'];
  const all = [...roots.map((name) => join(web, name)), ...filesBelow(join(web, 'src')), ...filesBelow(join(web, 'public'))];
  for (const path of all) hash.update(relative(web, path)).update('\0').update(readFileSync(path)).update('\0');
  return hash.digest('hex').slice(0, 32);
}

function build() {
  const run = (command, args) => execFileSync(command, args, { cwd: web, stdio: ['ignore', 'inherit', 'inherit'] });
  const lock = readFileSync(join(web, 'package-lock.json'));
  const stamp = join(web, 'node_modules', '.maru-lock');
  if (!existsSync(stamp) || !readFileSync(stamp).equals(lock)) {
    run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
    writeFileSync(stamp, lock);
  }
  run(process.execPath, [join(web, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'warn', '--emptyOutDir']);
}

function pack(folder) {
  const dist = join(web, 'dist');
  const pieces = [];
  const rows = [];
  let offset = 0;
  for (const path of filesBelow(dist)) {
    const name = '/' + relative(dist, path);
    const plain = readFileSync(path);
    const zipped = gzipSync(plain, { level: 9 });
    const smaller = zipped.length < plain.length * 0.9;
    const bytes = smaller ? zipped : plain;
    const etag = createHash('sha256').update(plain).digest('hex').slice(0, 20);
    const type = types[extname(path)];
    if (!type) throw new Error(`no content type for ${name}: add one to embed.mjs`);
    rows.push(`{"${name}", "${type}", "\\"${etag}\\"", ${offset}, ${bytes.length}, ${plain.length}, ${smaller}, ${name.startsWith('/assets/')}},`);
    pieces.push(bytes);
    offset += bytes.length;
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, products[0]), Buffer.concat(pieces));
  writeFileSync(join(folder, products[1]), rows.join('\n') + '\n');
}

const kept = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'maru-web', sourceHash());
if (!existsSync(kept)) {
  build();
  const fresh = `${kept}.${process.pid}`;
  pack(fresh);
  try {
    renameSync(fresh, kept);
  } catch {
    rmSync(fresh, { recursive: true, force: true }); // another build of the same sources was first
  }
}
mkdirSync(out, { recursive: true });
for (const name of products) cpSync(join(kept, name), join(out, name));
