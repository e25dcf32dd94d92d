// Package butane is the YAML dialect: documents with a variant and a version, which have more to say than a config, and
// the config that comes out of them. docs/config.md and docs/butane.md say the same for people.
//
// In come a text or its tree, and Options: local files as an fs.FS, the rules that judge the config, who is asking. Out
// comes a Result: the config, whose places are those of the document, and all problems. The package is pure; where a
// document is from and what becomes of the config is the business of others.
//
// Translate works in this order: variant and version say the Dialect; checkAll holds the document against the shape of
// that dialect, and drops what it does not have; ahead begins to compress large texts on all processors; validate has
// the rules of the document's own sugar; lowerAll makes the config, first what the document says in the config's words,
// then mount units, trees, quadlets, the boot disk, users of the boot loader, and what surrounds a MachineConfig;
// filter refuses what the variant's machines can do nothing with; judge decodes the config and holds it against its
// rules.
//
// What is surprising:
//
//   - One table says what each variant and version is (Dialects), one what documents have beyond configs (Sugar), one
//     what variants refuse (Restrictions). A test holds the docs against them.
//   - All work is on trees. A Tracer remembers for each node of the config the node that it was made from, so that
//     whatever is wrong with the config is said at the line that caused it.
//   - What sugar makes of the boot disk and of filesystems lies under what the document says itself: people can
//     override parts of it.
//   - A step that fails does not end the work. The next steps still look at the parts that the errors so far have not
//     spoilt, so that all problems are told at once.
//   - Options.Peer, for the name butane, does as Butane does where that is odd: it ends with the first step that fails,
//     and finds places by paths in which nulls count.
//   - The tree is changed on the way, and what of it may be a secret is told to the document before an excerpt is
//     drawn.
package butane
