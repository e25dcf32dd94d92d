package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
)

func explainCommand() cli.Command {
	var format string
	return cli.Command{
		Called: "glowplug explain", Usage: []string{"glowplug explain [--format text|json] [CODE]"},
		Brief: "[CODE]", Short: "say what the code of a problem means",
		Text: []string{
			"Says what a problem with this code means, who is told of it, why it matters and what to do, with an " +
				"example that is wrong and one that is right. Without a code it lists all codes. " +
				"A code can be given as a problem shows it: error[path-relative].",
		},
		Options: []cli.Option{{Long: "format", Value: "FORMAT", Values: []string{"text", "json"}, Default: "text",
			Set: cli.Text(&format), Words: "text or json"}},
		Exits:    []cli.Exit{{Code: 0, Meaning: "done"}, {Code: 2, Meaning: "wrong usage"}},
		Examples: []string{"glowplug explain", "glowplug explain path-relative"},
		Grammar:  cli.Ours(), Operands: cli.Operands{Values: codeNames, One: true}, Section: "1",
		Run: func(_ context.Context, p *cli.Process, operands []string) error {
			switch len(operands) {
			case 0:
				return listCodes(p, format)
			case 1:
				return explainCode(p, format, operands[0])
			}
			return cli.Misuse("one code is taken, %d arguments are given", len(operands))
		},
	}
}

// codeNames lists the codes.
func codeNames() (names []string) {
	for _, row := range codes.Rows() {
		names = append(names, string(row.Code))
	}
	return names
}

func listCodes(p *cli.Process, format string) (err error) {
	if format == "json" {
		rows := []explained{}
		for _, row := range codes.Rows() {
			rows = append(rows, inJSON(row))
		}
		return diag.EncodeJSON(p.Out, rows)
	}
	width := 0
	for _, name := range codeNames() {
		width = max(width, len(name))
	}
	for _, row := range codes.Rows() {
		if _, err = fmt.Fprintf(p.Out, "%-*s  %s\n", width, row.Code, row.Line); err != nil {
			return err
		}
	}
	return nil
}

func explainCode(p *cli.Process, format, name string) error {
	name = shownCode(name)
	row, known := codes.Find(codes.Code(name))
	if !known {
		if near := nearestCode(name); near != "" {
			err := fmt.Errorf("no problem has the code %q", name)
			return &cli.UsageError{Err: diag.WithHint(err, fmt.Sprintf("did you mean %q?", near))}
		}
		return cli.Misuse("no problem has the code %q; `glowplug explain` lists all", name)
	}
	if format == "json" {
		return diag.EncodeJSON(p.Out, inJSON(row))
	}
	_, err := fmt.Fprint(p.Out, explanation(row))
	return err
}

// nearestCode is the code that somebody may have meant: one of the same words, one that begins so, or one that is
// spelled alike. A word that some code has in it says too little.
func nearestCode(name string) string {
	words := func(name string) string {
		all := strings.Split(strings.ToLower(strings.ReplaceAll(name, "_", "-")), "-")
		slices.Sort(all)
		return strings.Join(all, "-")
	}
	all := codeNames()
	if i := slices.IndexFunc(all, func(code string) bool { return words(code) == words(name) }); i >= 0 {
		return all[i]
	}
	const few = 2 // letters
	all = slices.DeleteFunc(all, func(code string) bool {
		return !strings.HasPrefix(code, name) && (len(code) > len(name)+few || len(name) > len(code)+few)
	})
	return diag.Nearest(name, all)
}

// shownCode is the code in what is copied from a problem: error[path-relative], with what follows.
func shownCode(text string) string {
	if _, rest, found := strings.Cut(text, "["); found {
		text, _, _ = strings.Cut(rest, "]")
	}
	return strings.TrimSpace(text)
}

// explanation is the text about a code for people.
func explanation(row codes.Row) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\n", row.Code, row.Line)
	told := row.Told()
	width := len("ignition-validate, butane")
	for _, r := range [][2]string{
		{told.Command, told.Workstation}, {"a first boot", told.Boot}, {"ignition-validate, butane", told.Peer},
	} {
		if r[1] == "" {
			r[1] = "not told"
		}
		width = max(width, len(r[0]))
		fmt.Fprintf(&b, "  %-*s  %s\n", width, r[0], r[1])
	}
	if told.Workstation == "error" && slices.ContainsFunc(row.Also, codes.Kind.Warns) {
		b.WriteString("  in some cases a warning; the first line says in which\n")
	}
	fmt.Fprintf(&b, "\n%s\n%s", cli.Wrapped(row.Why), cli.Wrapped("What to do: "+unlinked(row.Do)+"."))
	b.WriteString("\nWrong:\n" + wrongExample(row.Show()) + "\nRight:\n" + indented(row.Show().Right))
	return b.String()
}

// wrongExample gives the wrong example of a code, with a line on how it is run and which other codes it raises, where
// that is not obvious.
func wrongExample(p *codes.Pair) string {
	text := p.Wrong
	if p.Said != "" {
		text = p.Said
	}
	out := indented(text)
	if p.By != codes.ByValidate {
		out += "Shown by " + p.By.Command("FILE") + "\n"
	}
	if len(p.Files) > 0 {
		out += "In the folder of local files: " + strings.Join(p.Files, ", ") + "\n"
	}
	for _, code := range p.Beside {
		out += "With it comes " + string(code) + "\n"
	}
	return out
}

func indented(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ") + "\n"
}

// unlinked leaves of the links of the docs only their words.
func unlinked(text string) string {
	return regexp.MustCompile(`\[([^]]*)\]\([^)]*\)`).ReplaceAllString(text, "$1")
}

// An explained is the row of a code in JSON.
type explained struct {
	Code     codes.Code    `json:"code"`
	Severity string        `json:"severity"` // in the words of the docs
	Told     codes.Telling `json:"told"`
	Means    string        `json:"means"`
	Why      string        `json:"why"`
	Do       string        `json:"do"`
	Wrong    string        `json:"wrong"`
	Right    string        `json:"right"`
	ShownBy  string        `json:"shownBy"`
	Files    []string      `json:"files,omitempty"`
	Beside   []codes.Code  `json:"beside,omitempty"`
}

func inJSON(row codes.Row) explained {
	show := row.Show()
	e := explained{
		Code: row.Code, Severity: row.Severity(), Told: row.Told(), Means: row.Line, Why: row.Why,
		Do: unlinked(row.Do), Wrong: show.Wrong, Right: show.Right, ShownBy: show.By.Command("FILE"),
		Files: show.Files, Beside: show.Beside,
	}
	if show.Said != "" {
		e.Wrong = show.Said
	}
	return e
}
