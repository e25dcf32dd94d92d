package foretold

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A Row is what docs/rerun.md lets a second plan say: actions of some effects whose IDs match a pattern, with some
// words in their details, where an entry of the config has a setting.
type Row struct {
	effects          []string
	id, words        string
	setting, matches string // a key, and its value, "" for any; "no", and a key that is not given; "" for none
	lies             bool   // on what the action of another row is about
}

// Rows are all of the page.
type Rows []Row

// Heading is that of the table.
const Heading = "\n## A second plan\n"

// lying is what a row says of actions about what lies on another.
const lying = " on what another row is about"

// ErrNoTable says that the page has lost its table.
var ErrNoTable = errors.New("docs/rerun.md: no table of what a second plan says")

// Page reads a file of the repository, or of a copy, from where a test runs: in a folder above.
func Page(name string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil || dir == "/" {
			return string(text), err
		}
		dir = filepath.Dir(dir)
	}
}

// Exceptions reads the rows: "| `effect/effect id … words` where `key value` | why | tests |". There are also "where
// `key`", "where `no key`", and lying.
func Exceptions() (rows Rows, err error) {
	text, err := Page("docs/rerun.md")
	_, section, _ := strings.Cut(text, Heading)
	section, _, _ = strings.Cut(section, "\n## ")
	for line := range strings.Lines(section) {
		if cell, _, is := strings.Cut(strings.TrimPrefix(line, "| "), " |"); is && strings.HasPrefix(cell, "`") {
			rows = append(rows, row(strings.Split(cell, "`")))
		}
	}
	if err == nil && len(rows) == 0 {
		err = ErrNoTable
	}
	return rows, err
}

func row(spans []string) Row {
	what, words, _ := strings.Cut(spans[1], " … ")
	effects, id, _ := strings.Cut(what, " ")
	r := Row{effects: strings.Split(effects, "/"), id: id, words: words, lies: spans[2] == lying}
	if len(spans) > 3 {
		r.setting, r.matches, _ = strings.Cut(spans[3], " ")
	}
	return r
}

// Empty holds the second plan of a config against the rows: it has nothing to do but what these have.
func (rows Rows) Empty(p Plan, config []byte) (faults []string) {
	var root any
	_ = json.Unmarshal(config, &root) // of a Butane document no setting is known
	numbered(root)
	all := excused{rows: rows, config: root}
	for _, c := range p.Conflicts {
		if !all.has(&Action{ID: c.Origin, Effect: "conflict", Detail: c.Message, Origin: c.Origin}) {
			faults = append(faults, fmt.Sprintf("a second plan is in conflict: %s", c.Message))
		}
	}
	for i := range p.Actions {
		if a := &p.Actions[i]; a.Effect != keep && !all.has(a) {
			faults = append(faults, fmt.Sprintf("a second plan has %v: %s", a, a.Detail))
		}
	}
	if len(faults) == 0 && !all.found && p.Exit != 0 {
		faults = append(faults, fmt.Sprintf("a second plan ends with %d, and has nothing to do", p.Exit))
	}
	return faults
}

// set tells whether the entry of an action has the setting, or one that it is in, or that is in it.
func (r *Row) set(a *Action, at any) bool {
	switch r.setting {
	case "":
		return true
	case "no":
		_, e := entry(at, a.Origin)
		return e != nil && !given(e[r.matches])
	}
	for key := range strings.SplitSeq(strings.TrimPrefix(a.Origin, "$."), ".") {
		if r.in(at) {
			return true
		}
		switch in := at.(type) {
		case map[string]any:
			if _, is := in[key]; is { // else it is of the entry itself
				at = in[key]
			}
		case []any:
			if i, err := strconv.Atoi(key); err == nil && i < len(in) {
				at = in[i]
			}
		}
	}
	return r.within(at)
}

// in tells whether an entry itself has the setting.
func (r *Row) in(at any) bool {
	entry, _ := at.(map[string]any)
	value, said := entry[r.setting]
	if r.matches == "" {
		return given(value)
	}
	return said && fmt.Sprint(value) == r.matches
}

// given tells whether there is anything to a value: a model has all keys.
func given(value any) bool {
	switch in := value.(type) {
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(in)), given)
	case []any:
		return len(in) > 0
	}
	return value != nil && value != ""
}

// within tells whether an entry, or one in it, has the setting.
func (r *Row) within(at any) bool {
	switch in := at.(type) {
	case map[string]any:
		return r.in(in) || slices.ContainsFunc(slices.Collect(maps.Values(in)), r.within)
	case []any:
		return slices.ContainsFunc(in, r.within)
	}
	return false
}

// numbered gives partitions without a number the number 0, which is the same.
func numbered(at any) {
	switch in := at.(type) {
	case map[string]any:
		parts, _ := in["partitions"].([]any)
		for _, each := range parts {
			if p, is := each.(map[string]any); is && p["number"] == nil {
				p["number"] = 0
			}
		}
		for _, each := range in {
			numbered(each)
		}
	case []any:
		for _, each := range in {
			numbered(each)
		}
	}
}
