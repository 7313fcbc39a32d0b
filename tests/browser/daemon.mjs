// A daemon with its own PostgreSQL and brokers for the tests in a browser.
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [affsync, sandbox] = process.argv.slice(2);

// Resolves with the first match of `pattern` in what the process writes.
function said(child, stream, pattern) {
  return new Promise((resolve, reject) => {
    let text = "";
    child[stream].on("data", (piece) => {
      text += piece;
      const match = pattern.exec(text);
      if (match) resolve(match[1]);
    });
    child.on("exit", (code) => reject(new Error(`${child.spawnfile} ended with ${code}: ${text}`)));
  });
}

export class Stage {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), "affsync-browser-"));
    chmodSync(this.folder, 0o755);
    this.children = [];
  }

  async broker(kind, ...options) {
    const child = spawn(sandbox, ["--port", "0", "--broker", kind, ...options]);
    this.children.push(child);
    return said(child, "stdout", /listening on (\S+)/);
  }

  configure(name, yaml) {
    const file = join(this.folder, name);
    writeFileSync(file, yaml.replaceAll("@folder@", this.folder));
    return file;
  }

  // Runs a command to its end; returns its exit status.
  command(file, ...words) {
    const child = spawn(affsync, [...words, "--config", file], { stdio: ["ignore", "ignore", "pipe"] });
    child.stderr.resume();
    return new Promise((resolve) => child.on("exit", resolve));
  }

  // Starts the daemon; resolves with its address and a function that stops it.
  async daemon(file) {
    const child = spawn(affsync, ["run", "--config", file], { stdio: ["ignore", "ignore", "pipe"] });
    this.children.push(child);
    const listen = await said(child, "stderr", /listen=(\S+)/);
    const ended = new Promise((resolve) => child.on("exit", resolve));
    return { address: `http://${listen}`, stop: () => (child.kill("SIGTERM"), ended) };
  }

  async end() {
    for (const child of this.children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = new Promise((resolve) => child.on("exit", resolve));
      child.kill("SIGTERM");
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
