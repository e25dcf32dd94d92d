package foretold

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
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
	setting, matches string // a key, and its value; "" for none
}

// Rows are all of the page.
type Rows []Row

// Heading is that of the table.
const Heading = "\n## A second plan\n"

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

// Exceptions reads the rows: "| `effect/effect id … words` where `key value` | why | tests |".
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
	r := Row{effects: strings.Split(effects, "/"), id: id, words: words}
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
	excused := false
	for i := range p.Actions {
		a := &p.Actions[i]
		if a.Effect == keep {
			continue
		}
		if rows.has(a, root) {
			excused = true
			continue
		}
		faults = append(faults, fmt.Sprintf("a second plan has %v: %s", a, a.Detail))
	}
	for _, c := range p.Conflicts {
		if rows.has(&Action{Effect: "conflict", Detail: c.Message}, nil) {
			excused = true
			continue
		}
		faults = append(faults, fmt.Sprintf("a second plan is in conflict: %s", c.Message))
	}
	if len(faults) == 0 && !excused && p.Exit != 0 {
		faults = append(faults, fmt.Sprintf("a second plan ends with %d, and has nothing to do", p.Exit))
	}
	return faults
}

func (rows Rows) has(a *Action, config any) bool {
	return slices.ContainsFunc(rows, func(r Row) bool {
		is, _ := path.Match(r.id, strings.ReplaceAll(a.ID, "/", ":"))
		return is && slices.Contains(r.effects, a.Effect) && strings.Contains(a.Detail, r.words) && r.set(a, config)
	})
}

// set tells whether the entry of an action has the setting, or one that it is in, or that is in it.
func (r *Row) set(a *Action, at any) bool {
	if r.setting == "" {
		return true
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
	return said && fmt.Sprint(value) == r.matches
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
