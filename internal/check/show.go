package check

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/results"
)

// textMost is how many problems of a file are shown as text: more are not read.
const textMost = 100

// show writes the report to where it is wanted. A reader of half a report must not take it for a verdict.
func (v *verdict) show() error {
	screen := v.p.Out
	if v.options.diff {
		screen = v.p.Err
	}
	if v.options.output == "" {
		if err := v.write(screen, diag.Style{Color: screen.Colors}); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
		if v.options.format == "text" {
			v.aside(screen)
		} else if screen == v.p.Out {
			v.tellChanges(v.p.Err)
		}
		return v.sum(screen)
	}
	var text bytes.Buffer
	if err := v.write(&diag.Screen{To: &text}, diag.Style{}); err != nil {
		return err
	}
	if err := replace(v.options.output, text.Bytes()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	v.aside(v.p.Err)
	return v.sum(v.p.Err)
}

func (v *verdict) write(w io.Writer, style diag.Style) error {
	if f, known := results.Of(v.options.format); known {
		return f.Write(w, &v.report)
	}
	for _, f := range v.report.Files {
		problems := f.Problems
		if !v.options.all {
			problems = diag.First(problems, textMost)
		}
		for i, p := range problems {
			if p.More > 0 && len(f.Problems) > len(problems) && i == len(problems)-1 {
				p.Message += "; --all shows more of them"
			}
			if _, err := io.WriteString(w, style.Text(p)+"\n"); err != nil {
				return err
			}
		}
	}
	return nil
}

// changesMost is how many fixes are listed.
const changesMost = 100

// tellChanges tells what was fixed, and what kept the rest from being.
func (v *verdict) tellChanges(screen *diag.Screen) {
	for i, line := range v.changes {
		switch {
		case i == changesMost:
			fmt.Fprintf(screen, "and %d more\n", len(v.changes)-i)
		case i < changesMost && !(v.options.diff && strings.HasPrefix(line, "fixed ")):
			fmt.Fprintln(screen, line)
		}
	}
}

// aside tells what was fixed, and to a person where there is more to know of the problems.
func (v *verdict) aside(screen *diag.Screen) {
	v.tellChanges(screen)
	all := v.report.All()
	if v.options.explains && !v.options.quiet && screen.Terminal && len(all) > 0 && all[0].Code != "" {
		fmt.Fprintf(screen, "`glowplug explain %s` says more of such a problem.\n", all[0].Code)
	}
}

// sum writes the summary, where it is no part of what a tool reads.
func (v *verdict) sum(screen *diag.Screen) error {
	f, known := results.Of(v.options.format)
	if v.options.quiet || known && !f.Log && v.options.output == "" {
		return nil
	}
	counts := map[diag.Severity]int{}
	for _, p := range v.report.All() {
		counts[p.Severity] += p.Count()
	}
	word, files := "valid", diag.Count(len(v.report.Files), "file")
	if !v.report.Valid() {
		word = "invalid"
		if len(v.report.Files) > 1 {
			files = fmt.Sprintf("%d of %s", v.report.Invalid(), files)
		}
	}
	done := ""
	if v.options.fix && !v.options.diff {
		done = fmt.Sprintf(" after %s", diag.Count(v.fixes, "fix"))
	}
	advised := ""
	if n := counts[diag.Advice]; n > 0 {
		advised = ", " + diag.Count(n, "piece") + " of advice"
	}
	if n := v.report.Ignored(); n > 0 {
		advised += fmt.Sprintf(", %d ignored", n)
	}
	if v.excluded > 0 {
		advised += fmt.Sprintf(", %d excluded", v.excluded)
	}
	if n := v.report.Absent(); n > 0 {
		done += "; " + diag.Count(n, "config") + " to merge not looked at: --map says which files stand for them"
	}
	done += v.options.beyond()
	_, err := fmt.Fprintf(screen, "%s: %s, %s, %s%s%s\n", word, files, diag.Count(counts[diag.Error], "error"),
		diag.Count(counts[diag.Warning], "warning"), advised, done)
	return err
}

// replace writes a file as a whole, or into what is no regular file, such as a pipe. A file that is there keeps its
// mode.
func replace(name string, text []byte) error {
	mode := 0o666 &^ umask()
	if info, err := os.Stat(name); err == nil {
		if !info.Mode().IsRegular() {
			return os.WriteFile(name, text, 0o644)
		}
		mode = info.Mode().Perm()
	}
	real, err := filepath.EvalSymlinks(name)
	switch _, linked := os.Readlink(name); {
	case err == nil:
		name = real
	case linked == nil:
		return fmt.Errorf("%s is a link that leads to no file", diag.Printable(name))
	}
	return renamed(name, func(f *os.File) error {
		if _, err := f.Write(text); err != nil {
			return err
		}
		return f.Chmod(mode)
	})
}
