// Package load goes from bytes to a Config. Where bytes come from is the business of the fetcher that it is given; what
// a text means is that of packages document and butane, and what is wrong with it that of package rules.
//
// Read and ReadWith take one text and give a Result: the config, and all that is wrong with it, by the rules of the
// version that it names. The form is found out first (a row of form.go each): JSON, a Butane document in YAML or in
// JSON, or one of the texts that are none, which are called by their names. A Butane document may have local files, in
// a folder that Folder opens.
//
// A Loader makes one config of several: it follows replace, and then each merge, depth first, by a fetcher that is
// given the settings of each config before its children are fetched. What comes out is held against the rules once
// more. Base gives what lies below all of it on a machine: the configs of its image.
//
// What is surprising:
//
//   - Texts whose configs are to be merged share an arena of package tree.
//   - The zero Options are those of a boot: no local files, and contents of documents stay uncompressed.
//   - JSONAt spoils its Result, as it makes the tree one of another version.
//   - PaceCollector sets limits of the whole process.
package load
