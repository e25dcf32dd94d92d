// Drives the server SERVER by the parts that VS Code's client is made of: opens the document on standard input, asks
// what an editor asks, makes the first fix, edits very many places by one notification, and prints what came of it as
// JSON. The text that the server has to have is always that of vscode-languageserver-textdocument. To be run in the
// folder that has the packages.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cwd, env } from "node:process";

const require = createRequire(cwd() + "/");
const lsp = require("vscode-languageserver-protocol/node");
const { TextDocument } = require("vscode-languageserver-textdocument");

const server = spawn(env.SERVER, ["lsp"], { stdio: ["pipe", "pipe", "inherit"] });
const ended = new Promise((resolve) => server.on("exit", resolve));
const connection = lsp.createProtocolConnection(
  new lsp.StreamMessageReader(server.stdout), new lsp.StreamMessageWriter(server.stdin));
const problems = new Map(), waiting = new Map(); // by URI and version
connection.onNotification(lsp.PublishDiagnosticsNotification.type, ({ uri, version, diagnostics }) => {
  problems.set(uri + version, diagnostics);
  waiting.get(uri + version)?.(diagnostics);
});
connection.listen();

const told = ({ uri, version }) => problems.get(uri + version) ??
  new Promise((resolve) => waiting.set(uri + version, resolve));

async function open(uri, text) {
  const document = TextDocument.create(uri, "yaml", 1, text);
  const textDocument = { uri, languageId: "yaml", version: 1, text };
  await connection.sendNotification(lsp.DidOpenTextDocumentNotification.type, { textDocument });
  return document;
}

// Tells the server of edits, which have been made in the document already or are made now.
async function change(document, contentChanges, made = false) {
  const version = made ? document.version : document.version + 1;
  if (!made) TextDocument.update(document, contentChanges, version);
  const textDocument = { uri: document.uri, version };
  await connection.sendNotification(lsp.DidChangeTextDocumentNotification.type, { textDocument, contentChanges });
}

const range = (line, from, endLine, to) => ({ start: { line, character: from }, end: { line: endLine, character: to } });

// Edits of lines with a path: in the path, at the border of characters, or of the whole line. Each is made in the
// document as it comes.
function edits(document, first, count) {
  let seed = 1;
  const below = (n) => (seed = (seed * 48271) % 0x7fffffff) % n;
  const all = [];
  for (let i = 0; i < count; i++) {
    const line = first + below(document.lineCount - first - 1);
    const said = document.getText(range(line, 0, line + 1, 0));
    const borders = [];
    for (let at = said.indexOf("/") + 1; at <= said.indexOf('", zz'); at += said.codePointAt(at) > 0xffff ? 2 : 1) {
      borders.push(at);
    }
    const from = below(borders.length), to = Math.min(borders.length - 1, from + below(3));
    const text = ["", "😀", "é😀", "x"][below(4)];
    const edit = [
      { range: range(line, borders[from], line, borders[to]), text },
      { range: range(line, 0, line, 0), text: `    - {path: "/${text}", zz: 1}\n` },
      { range: range(line, 0, line + 1, 0), text: "" },
    ][[0, 0, 0, 0, 0, 0, 1, 2][below(8)]];
    TextDocument.update(document, [edit], document.version);
    all.push(edit);
  }
  TextDocument.update(document, [], document.version + 1);
  return all;
}

const said = {};
await connection.sendRequest(lsp.InitializeRequest.type, {
  processId: process.pid, rootUri: null, workspaceFolders: null,
  capabilities: { general: { positionEncodings: ["utf-16"] } },
});
await connection.sendNotification(lsp.InitializedNotification.type, {});

const document = await open("file:///nowhere/web.bu", readFileSync(0, "utf8"));
const textDocument = { uri: document.uri };
said.problems = (await told(document)).map((d) => ({
  line: d.range.start.line, column: d.range.start.character, ends: d.range.end.character,
  severity: d.severity, code: d.code, message: d.message, source: d.source,
}));
const ask = (type, line, character, more) =>
  connection.sendRequest(type, { textDocument, position: { line, character }, ...more });
said.hover = (await ask(lsp.HoverRequest.type, 4, 8)).contents.value;
said.definition = (await ask(lsp.DefinitionRequest.type, 6, 8))[0].range.start.line;

const [action] = await ask(lsp.CodeActionRequest.type, 5, 6, { range: range(5, 6, 5, 6), context: { diagnostics: [] } });
said.action = action.title;
await change(document, action.edit.changes[document.uri].map((e) => ({ range: e.range, text: e.newText })));
said.left = (await told(document)).length;

await change(document, [{ range: range(6, 0, 6, 0), text: "      us\n" }]); // as it is typed
said.offered = (await ask(lsp.CompletionRequest.type, 6, 8)).items.map((i) => i.label);
said.text = document.getText();

// What the server has after very many edits has the problems of what the client has, at the same places.
const head = "variant: fcos\nversion: 1.6.0\nstorage:\n  files:\n";
const edited = await open("file:///nowhere/edited.bu", head + '    - {path: "/😀é😀", zz: 1}\n'.repeat(50));
await change(edited, edits(edited, 4, 2000), true);
const copy = await open("file:///nowhere/copy.bu", edited.getText());
said.edited = await told(edited);
said.copy = await told(copy);

await connection.sendRequest(lsp.ShutdownRequest.type);
await connection.sendNotification(lsp.ExitNotification.type);
said.ended = (await ended) === 0;
console.log(JSON.stringify(said));
process.exit();
