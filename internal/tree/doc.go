// Package tree is a document, JSON or YAML, read into nodes that remember where they stand. It knows the grammar of the
// text and nothing of what the keys mean.
//
// In comes a diag.Document; out comes the Node of its root, or a problem that points at the byte, or the line, where
// the mistake most likely is. Nodes can be read, found by index (Index), copied, edited and put together to new trees.
// Editing never touches the text: a node that is changed or derived keeps a place in the text that somebody wrote.
//
// ParseJSON is one pass, and accepts what encoding/json accepts. NotUTF8 finds bytes that pass it and should not.
// ParseYAML has a library find the structure of the first document, finds the extent of each node itself (yamlspan.go),
// and replaces aliases and merge keys by what they stand for. Where the library gives up, yamlblame.go takes the text
// apart, block by block, to find the line that has the mistake, and yamlsyntax.go puts the common mistakes of people
// into words.
//
// What is surprising:
//
//   - Nodes live in an Arena, 24 bytes each, without pointers: half a million of them cost the garbage collector
//     nothing. A Node is a handle: small, comparable, valid as long as its arena. What a scalar says stays in the text
//     until somebody asks.
//   - Several documents can share an arena, which is how nodes of one become children of another's when configs merge.
//     Import copies a tree from another arena.
//   - Copy shares the children. Neither tree may then be edited below the node.
//   - Two nodes may have one place: all that stands for an alias has the place of the alias. A Tracer remembers from
//     which node a derived one comes, where a place would not tell.
//   - Equal keys both stay, in JSON as in YAML; a merge key stays as an empty list, so that it has a place.
//   - Limits bound what a hostile text can make us allocate: depth, the number of nodes, what aliases stand for.
package tree
