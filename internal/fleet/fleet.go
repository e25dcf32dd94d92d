// Package fleet tells what one config does to many machines: a row for each, and machines of equal plans together.
package fleet

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/report"
)

// A Row is one machine. Its JSON is by schema.json.
type Row struct {
	Machine string `json:"machine"`
	// Exit is the exit code of the plan: 1 also where there is none because of an error, 4 also where it is not known.
	Exit      report.Exit `json:"exit"`
	Changes   int         `json:"changes"`   // actions that change something, those that destroy among them
	Destroys  int         `json:"destroys"`  // actions that destroy something, or may
	Conflicts int         `json:"conflicts"` // what is in the way, and devices that are not known
	Summary   string      `json:"summary"`
	// Plan is the same for equal plans: the SHA-256 of what plan --no-content --format json writes.
	Plan string `json:"plan,omitempty"`
	// NotKnown are looks that the facts lack.
	NotKnown []string `json:"notKnown,omitempty"`
	// Error says why the facts cannot be used, or the config cannot be planned.
	Error string `json:"error,omitempty"`
}

// Of is the row of a plan.
func Of(machine string, p *report.Plan) (Row, error) {
	sum := sha256.New()
	if err := p.WriteJSON(sum); err != nil {
		return Row{}, err
	}
	r := Row{Machine: machine, Exit: p.Exit(), Conflicts: len(p.Conflicts), Summary: p.Summary(),
		Plan: hex.EncodeToString(sum.Sum(nil))}
	for i := range p.Actions {
		a := &p.Actions[i]
		if a.Effect != plan.Keep {
			r.Changes++
		}
		if a.Destroys() {
			r.Destroys++
		}
	}
	return r, nil
}

// NotKnown is the row of a machine whose facts lack something.
func NotKnown(machine string, looks []string) Row {
	summary := "not known: " + looks[0]
	if more := len(looks) - 1; more > 0 {
		summary += fmt.Sprintf(", and %d more", more)
	}
	return Row{Machine: machine, Exit: report.Destroying, Summary: summary, NotKnown: looks}
}

// Failed is the row of a machine of which there is no plan.
func Failed(machine string, err error) Row {
	text := diag.Printable(err.Error())
	return Row{Machine: machine, Exit: report.InTheWay, Summary: text, Error: text}
}

// told is what machines of one group have in common.
type told struct {
	plan, summary string
	unplanned     bool
}

// A Table has groups of machines whose plans are equal, or that have none for the same reason.
type Table struct {
	groups []*group
	by     map[told]*group
}

type group struct {
	Row
	machines []string
}

// Add takes a row.
func (t *Table) Add(r Row) {
	if t.by == nil {
		t.by = map[told]*group{}
	}
	key := told{r.Plan, r.Summary, r.Plan == ""}
	g := t.by[key]
	if g == nil {
		g = &group{Row: r}
		t.groups, t.by[key] = append(t.groups, g), g
	}
	g.machines = append(g.machines, r.Machine)
}

// severity orders exit codes: what is in the way is the worst.
func severity(e report.Exit) int {
	if e == report.InTheWay {
		return int(report.Destroying) + 1
	}
	return int(e)
}

// Exit is that of the worst row.
func (t *Table) Exit() (worst report.Exit) {
	for _, g := range t.groups {
		if severity(g.Exit) > severity(worst) {
			worst = g.Exit
		}
	}
	return worst
}

// width is that of the lines with names, in characters.
const width = 110

// Write writes the table: the worst groups first, else in the order of their first machines.
func (t *Table) Write(to io.Writer) error {
	w := bufio.NewWriter(to)
	slices.SortStableFunc(t.groups, func(a, b *group) int { return severity(b.Exit) - severity(a.Exit) })
	fmt.Fprintf(w, "%8s %8s %8s %9s\n", "machines", "changes", "destroys", "conflicts")
	for _, g := range t.groups {
		g.write(w)
	}
	fmt.Fprintln(w, t.Summary())
	return w.Flush()
}

func (g *group) write(w *bufio.Writer) {
	if g.Plan == "" {
		fmt.Fprintf(w, "%8d %8s %8s %9s  %s\n", len(g.machines), "-", "-", "-", diag.Printable(g.Row.Summary))
	} else {
		fmt.Fprintf(w, "%8d %8d %8d %9d  %s\n", len(g.machines), g.Changes, g.Destroys, g.Conflicts, g.Row.Summary)
	}
	line := "  "
	for i, m := range g.machines {
		name := diag.Printable(m)
		if i < len(g.machines)-1 {
			name += ","
		}
		if len(line)+1+len(name) > width && strings.TrimSpace(line) != "" {
			fmt.Fprintln(w, line)
			line = "  "
		}
		line += " " + name
	}
	fmt.Fprintln(w, line)
}

// Summary counts machines by what becomes of them.
func (t *Table) Summary() string {
	counts, all, plans := map[report.Exit]int{}, 0, 0
	unknown, failed := 0, 0
	for _, g := range t.groups {
		n := len(g.machines)
		all += n
		switch {
		case len(g.NotKnown) > 0:
			unknown += n
		case g.Error != "":
			failed += n
		default:
			counts[g.Exit] += n
			plans++
		}
	}
	parts := []string{diag.Count(all, "machine") + " with " + diag.Count(plans, "plan")}
	for _, each := range []struct {
		n    int
		what string
	}{{failed, "without a plan"}, {counts[report.InTheWay], "with conflicts"}, {unknown, "not known"},
		{counts[report.Destroying], "where something is destroyed"}, {counts[report.Changing], "changed"},
		{counts[report.NothingToDo], "as described"}} {
		if each.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", each.n, each.what))
		}
	}
	return strings.Join(parts, "; ")
}

// WriteJSON writes a row as a line of JSON. Lines of several runs, sorted, are those of one run.
func (r *Row) WriteJSON(to io.Writer) error { return diag.EncodeJSONLine(to, r) }
