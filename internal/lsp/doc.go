// Package lsp is a server of the Language Server Protocol 3.17: what an editor shows of a config while it is typed.
// What is wrong with a text is the business of package check, and what the language has that of package language.
//
// In come messages of JSON-RPC (frame.go, message.go), one after another; out go answers and, unasked, diagnostics
// (outbox.go). One loop has all that is known of the client and its texts (server.go, texts.go). Beside it no more than
// one check goes on: of what the text says then, by the judge of `glowplug validate`, so that an editor and a pipeline
// say the same. What is told of a place comes of an outline of the text (outline.go, scanner.go, flow.go), which needs
// no text that can be parsed, and of the schema of the version that the text names (view.go, complete.go). Fixes
// (actions.go) and places that notes point at (definition.go) come of the last check.
//
// What is surprising:
//
//   - There is no clock. A check begins as soon as none goes on; what is typed meanwhile is checked once, when it ends,
//     and what it has found is dropped. So edits cost no more than one check at a time, and tests wait for nothing.
//   - A request about fixes or notes waits for the check of the text as it is; it may be cancelled until then.
//   - A text may be any file that the editor has open: one that is no config by its name or by what it says has no
//     problems.
//   - A problem in a local file is shown where the document names the file, with its own place beside it.
//   - Columns are of UTF-16 unless the client takes bytes; an index of marks keeps a text of one line cheap.
//   - Each change of a message is of the text that the ones before it have made, and there may be very many: they are
//     made in a tree of pieces (rope.go).
//   - Framing and types are our own (frame.go, protocol.go): a dozen of the protocol's some four hundred types. The
//     libraries read a line of a header whatever its length (sourcegraph/jsonrpc2 0.2.3, x/exp/jsonrpc2), the latter
//     makes room for whatever a header announces, and those with types bring a logger and another encoder of JSON
//     (go.lsp.dev/protocol 0.12.0) or a websocket (tliron/glsp 0.2.2) along.
package lsp
