// Package document reads texts as configs, merges them and writes them. It is pure; what a config is made of is said by
// package config, whether one makes sense by package rules, and where it is fetched from is the business of others.
//
// In comes a tree (Decode); out comes a Document of the version that it names, with problems of three
// kinds: no version that is known, which gives no document; values of a wrong kind; keys that this version does not
// have. Decoding walks the tree once. On the way it fills the model and makes the tree canonical: keys as the model
// spells them, each once, nothing unknown. Duplicates finds items that are there twice. Upgrade brings a document to
// the newest version. Merge lays documents over each other, and works on trees, not on the model. JSON writes what
// comes out.
//
// What is surprising:
//
//   - A message about a merged config still points at the words in the file that they came from: nodes keep their
//     places through merging.
//   - Keys are read without regard to case, as encoding/json does, and the last of two equal keys counts. Both are told
//     of, and are no reason to read otherwise than Ignition does.
//   - Between versions only one meaning has changed: before 3.6.0 the set-id and sticky bits of a mode are cleared.
//     Before 3.3.0 a missing target of a link or level of an array is the empty string.
//   - How items of a list are known (by path, by name, by number or label, or not at all) is the table listIdentities;
//     files, directories and links share one name space.
//   - Cached is the config as Ignition hands it from stage to stage, which loses one thing of version 3.4.0; Advertise
//     puts that back.
package document
