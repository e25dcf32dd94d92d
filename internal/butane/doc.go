// Package butane is the YAML dialect: documents with a variant and a version, which have more to say than a config, and
// the config that comes out of them. docs/config.md and docs/butane.md say the same for people.
//
// In come a text or its tree, and Options: local files as an fs.FS, the rules that judge the config, who is asking. Out
// comes a Result: the config, whose places are those of the document, and all problems. The package is pure; where a
// document is from and what becomes of the config is the business of others.
//
// What documents say beyond a config are features, each in a file of its own: its fields, its rules, what it makes of
// the config. A Dialect is a row of a table: variant, version, version of the config, and the features that it has.
// What its machines cannot do is another table (restrictions). A new feature is a file, a name and a place in the list
// of dialect.go; a new variant is a row there. Nothing else asks for versions.
//
// Translate works in this order: variant and version say the Dialect; read holds the document against the shape of that
// dialect; leaveOut drops what it does not have, and what is of a wrong kind; ahead begins to compress large texts on
// all processors; check has the rules of the features; lowerAll makes the config, first what the document says in the
// config's words, then what the features make, in the order of their list; refuse refuses what the variant's machines
// can do nothing with; judge decodes the config and holds it against its rules.
//
// What is surprising:
//
//   - All work is on trees. A Tracer remembers for each node of the config the node that it was made from, so that
//     whatever is wrong with the config is said at the line that caused it.
//   - What features make of the boot disk and of filesystems lies under what the document says itself: people can
//     override parts of it.
//   - A step that fails does not end the work, so that all problems are told at once. What an earlier error may have
//     brought about is dropped after each step (hideConsequences).
//   - The name butane does as Butane does where that is odd: a manner of its own (peer.go) is all that differs. It ends
//     with the first step that fails, and finds places by paths in which nulls count.
//   - The tree is changed on the way, and what of it may be a secret is told to the document before an excerpt is
//     drawn.
package butane
