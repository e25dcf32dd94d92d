package foretold

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// A Row is what docs/rerun.md lets a second plan say: actions of an effect whose IDs match a pattern, with some words
// in their details.
type Row struct {
	effect, id, words string
}

// Rows are all of the page.
type Rows []Row

// Heading is that of the table.
const Heading = "\n## A second plan\n"

// ErrNoTable says that the page has lost its table.
var ErrNoTable = errors.New("docs/rerun.md: no table of what a second plan says")

// Page finds a file of the repository from where a test runs.
func Page(name string) (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil || dir == "/" {
			break
		}
		dir = filepath.Dir(dir)
	}
	text, err := os.ReadFile(filepath.Join(dir, name))
	return string(text), err
}

// Exceptions reads the rows: "| `effect id … words` | why | tests |".
func Exceptions() (rows Rows, err error) {
	text, err := Page("docs/rerun.md")
	_, section, _ := strings.Cut(text, Heading)
	section, _, _ = strings.Cut(section, "\n## ")
	for line := range strings.Lines(section) {
		if cells := strings.Split(line, "|"); len(cells) > 3 && strings.HasPrefix(cells[1], " `") {
			what, words, _ := strings.Cut(strings.Trim(cells[1], " `"), " … ")
			effect, id, _ := strings.Cut(what, " ")
			rows = append(rows, Row{effect: effect, id: id, words: words})
		}
	}
	if err == nil && len(rows) == 0 {
		err = ErrNoTable
	}
	return rows, err
}

// Empty holds a second plan against the rows: it has nothing to do but what these have.
func (rows Rows) Empty(p Plan) (faults []string) {
	excused := false
	for i := range p.Actions {
		a := &p.Actions[i]
		if a.Effect == keep {
			continue
		}
		if rows.has(a) {
			excused = true
			continue
		}
		faults = append(faults, fmt.Sprintf("a second plan has %v: %s", a, a.Detail))
	}
	for _, c := range p.Conflicts {
		faults = append(faults, fmt.Sprintf("a second plan is in conflict: %s", c.Message))
	}
	if len(faults) == 0 && !excused && p.Exit != 0 {
		faults = append(faults, fmt.Sprintf("a second plan ends with %d, and has nothing to do", p.Exit))
	}
	return faults
}

func (rows Rows) has(a *Action) bool {
	for _, r := range rows {
		is, _ := path.Match(r.id, strings.ReplaceAll(a.ID, "/", ":"))
		if is && r.effect == a.Effect && strings.Contains(a.Detail, r.words) {
			return true
		}
	}
	return false
}
