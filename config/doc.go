// Package config is the language: the newest shape of a config, what came when, how texts are read into it and how
// configs merge. It is pure; where a config is fetched from, whether it makes sense (package validate) and what a
// machine does with it are the business of others. docs/config.md shows the language.
//
// There is one model, that of the newest version, and a table of what came when (History). Shapes for every version
// follow from the two, and with them decoding, the schema, and the docs.
//
// In comes a text (Parse) or a tree (Decode); out comes a Document of the version that it names, with problems of three
// kinds: no version that is known, which gives no document; values of a wrong kind; keys that this version does not
// have. Decoding walks the tree once. On the way it fills the model and makes the tree canonical: keys as the model
// spells them, each once, nothing unknown. Duplicates finds items that are there twice. Upgrade brings a document to
// the newest version. Merge lays documents over each other, and works on trees, not on the model. JSON writes what
// comes out.
//
// What is surprising:
//
//   - Optional scalars are pointers, because an absent one leaves what a merge parent says alone.
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
//   - Fields with the tag secret are shown in no excerpt.
package config
