// Package config is the language: the newest shape of a config, and what came when. It is pure; how texts are read into
// it, whether they make sense and what a machine does with them is the business of others. docs/config.md shows the
// language.
//
// There is one model, that of the newest version, and a table of what came when (History). Shapes for every version
// follow from the two, and with them decoding, the schema, and the docs.
//
// What is surprising:
//
//   - Optional scalars are pointers, because an absent one leaves what a merge parent says alone. Says gives what one
//     says where an absent one means the same as a zero.
//   - The model has no rules, but for a question that several of its readers ask: whether a policy opens a volume
//     (Clevis.Opens).
//   - Fields with the tag secret are shown in no excerpt.
package config
