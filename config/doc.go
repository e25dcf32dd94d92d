// Package config is the language of configs: which fields there are in its newest version, and which version each field
// and value came with. It only describes: package validate reads texts as configs and says what is wrong with them.
// docs/config.md shows the language.
//
// There is one model, that of the newest version (Config), and a table of what each version added (History). Which
// fields every version has follows from the two, and with that how texts are read, the schema, and the docs.
//
// What is surprising:
//
//   - Optional scalars are pointers, because an absent one leaves what a merge parent says alone. Says gives what one
//     says where an absent one means the same as a zero.
//   - The model has no rules, but for a question that several of its readers ask: whether a policy opens a volume
//     (Clevis.Opens).
//   - Fields with the tag secret are shown in no excerpt.
package config
