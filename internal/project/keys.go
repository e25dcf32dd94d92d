package project

import "strings"

// A takes is what a key takes.
type takes uint8

const (
	truth    takes = iota // true or false
	word                  // a text
	words                 // a text, or a list of texts
	folder                // the path of a folder in the project
	mappings              // URL=PATH, or a list of these, of files and folders in the project
	globs                 // patterns of paths in the project
	byGlob                // an object: codes by a pattern
)

// ignoreKey is the one key that is no option.
const ignoreKey = "ignore"

// A key is one that the project file may have; but for ignore it is called as the option is.
type key struct {
	name  string
	takes takes
	means string // for the schema, where it is no option
}

// keys lists them. Options that have something written (--fix, --output) are none, and neither are those of one call.
func keys() []key {
	return []key{
		{name: "strict", takes: truth}, {name: "fail-on", takes: word}, {name: "format", takes: word},
		{name: "lint", takes: words}, {name: "target", takes: words}, {name: "platform", takes: words},
		{name: "exclude", takes: globs},
		{name: "files-dir", takes: folder},
		{name: "root", takes: folder},
		{name: "map", takes: mappings},
		{ignoreKey, byGlob, "codes of warnings and advice that are not told of, by the paths of files and folders: a " +
			"name, or a path from this file's folder on; * stands for any part of a name, ** for any number of " +
			"folders"},
	}
}

// Names lists the keys that are options.
func Names() (all []string) {
	for _, k := range keys() {
		if k.takes != byGlob {
			all = append(all, k.name)
		}
	}
	return all
}

func find(name string) (k key, known bool) {
	for _, k := range keys() {
		if k.name == name {
			return k, true
		}
	}
	return key{}, false
}

// listed are all keys, for a hint.
func listed() string { return strings.Join(append(Names(), ignoreKey), ", ") }
