package check

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/process"
	"github.com/glowplug-os/glowplug/internal/project"
	"github.com/glowplug-os/glowplug/internal/results"
)

func (o *options) run(ctx context.Context, p *cli.Process) (err error) {
	if o.listTargets {
		_, err := p.Out.Write([]byte(listTargets()))
		return err
	}
	if err := o.misused(); err != nil {
		return err
	}
	of := o.follow()
	v := verdict{p: p, options: o, project: of, fails: o.fails(),
		report: results.Report{Program: o.called, Version: p.Version}}
	if v.documents, err = load.Folder(o.filesDir); err != nil {
		return err
	}
	o.judges(&v.documents)
	if o.root != "" && o.against != nil {
		judge, end, err := o.against(ctx, p, o.root)
		if err != nil {
			return err
		}
		defer end()
		v.judge = judge
	}
	all, excluded := expand(o.files, o.excludes)
	v.excluded = excluded
	v.read(all)
	v.addProject()
	if err := v.show(); err != nil {
		return err
	}
	if !v.report.Valid() {
		return cli.ExitError(cli.ExitFailed)
	}
	return nil
}

// A verdict is what comes of the files.
type verdict struct {
	p         *cli.Process
	options   *options
	project   *project.File // nil for none
	documents load.Options
	judge     func(*document.Document) []diag.Problem // what a root cannot have; nil for none
	fails     diag.Severity                           // of problems that make a file invalid
	report    results.Report
	excluded  int      // files and folders that patterns of the project file passed over
	fixes     int      // that were made
	changes   []string // a line for each, and for what kept others from being made
	// Texts above largeText are read alone, as the collector has one pace; others side by side.
	large sync.RWMutex
}

// largeText is how many bytes a text has whose reading is worth a pace of its own.
const largeText = 1 << 20

// read reads the files side by side, or one by one where they are written to.
func (v *verdict) read(files []found) {
	v.report.Files = make([]results.File, len(files))
	workers := min(runtime.GOMAXPROCS(0), len(files))
	if v.options.fix {
		workers = 1
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(files); i = next.Add(1) - 1 {
				v.report.Files[i] = v.file(files[i])
			}
		})
	}
	wait.Wait()
}

func (v *verdict) file(f found) results.File {
	return v.judged(v.problems(f))
}

// judged is a file with its verdict.
func (v *verdict) judged(name string, problems []diag.Problem, ignored int) results.File {
	return results.File{Name: name, Problems: problems, Ignored: ignored,
		Invalid: slices.ContainsFunc(problems, func(p diag.Problem) bool { return p.Severity >= v.fails })}
}

func (v *verdict) problems(f found) (shown string, problems []diag.Problem, ignored int) {
	if f.err != nil {
		return f.name, []diag.Problem{unreadable(f.name, named("reading the folder", f.name, f.err))}, 0
	}
	shown, text, err := readText(v.p, f.name)
	if f.name == "-" && v.options.stdinName != "" {
		shown = v.options.stdinName
	}
	if err != nil {
		return shown, []diag.Problem{unreadable(shown, named("reading the config", shown, err))}, 0
	}
	if isProject(shown) {
		return shown, v.projectProblems(f.name, shown, text), 0
	}
	defer v.turn(text)()
	var unwritten []diag.Problem
	if v.options.fix {
		if text, err = v.fix(f.name, shown, text); err != nil {
			unwritten = append(unwritten, unreadable(shown, named("writing the fixes", shown, err)))
		}
	}
	found := v.examine(f.name, shown, text)
	return shown, append(unwritten, found.Problems...), found.Ignored
}

// hold adds what the root cannot have of a config that is valid.
func (v *verdict) hold(r *load.Result) {
	if v.judge == nil || !r.Valid(diag.Workstation) {
		return
	}
	problems := v.judge(r.Config)
	if r.Butane != nil {
		r.Butane.Blame(problems)
	}
	r.Problems = append(r.Problems, problems...)
}

// turn waits until a text may be read; what it gives ends that.
func (v *verdict) turn(text string) (end func()) {
	if len(text) <= largeText {
		v.large.RLock()
		return v.large.RUnlock
	}
	v.large.Lock()
	pace := load.PaceCollector(text)
	return func() {
		if len(v.report.Files) > 1 { // the report on one is part of the work on it
			pace()
		}
		v.large.Unlock()
	}
}

func unreadable(name string, err error) diag.Problem {
	p := diag.Problem{Severity: diag.Error, Code: codes.Unreadable,
		Place: diag.Place{Doc: &diag.Document{Name: name}}, Message: err.Error(),
		Hint: strings.Join(diag.Hints(err), "; ")}
	if errors.Is(err, fs.ErrNotExist) && slices.Contains(elsewhere(), name) {
		p.Hint = name + " is a command of glowplug: write `glowplug " + name + "`"
	}
	if errors.Is(err, process.ErrTooLarge) {
		p.Code = codes.TooLarge
	}
	return p
}

// elsewhere are words that somebody may take for commands of the validator.
func elsewhere() []string {
	return strings.Fields("validate explain convert schema lsp plan apply platforms completion help version")
}

// fix gives the text as it is with what is certain put right, and has written it or shown what it would write. If that
// fails, the text is what it was.
func (v *verdict) fix(name, shown, text string) (string, error) {
	told := len(v.changes)
	out, count := fixed(shown, text, v.documents, func(line string) { v.changes = append(v.changes, line) })
	var err error
	switch {
	case count == 0:
	case v.options.diff:
		_, err = v.p.Out.Write([]byte(diff(diag.Printable(shown), text, out)))
	default:
		err = rewrite(name, out)
	}
	if err != nil {
		v.changes = v.changes[:told]
		return text, err
	}
	v.fixes += count
	return out, nil
}

// readText gives the text of a file, without a second copy of its bytes.
func readText(p *cli.Process, name string) (shown, text string, err error) {
	shown, data, err := process.Read(p, name)
	if err != nil {
		return shown, "", err
	}
	return shown, unsafe.String(unsafe.SliceData(data), len(data)), nil
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if strings.HasSuffix(noun, "x") {
		noun += "e"
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// named is an error about a file whose name stands in it once, without the name of the operation of os.
func named(doing, name string, err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return fmt.Errorf("%s: %s: %w", doing, name, path.Err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// quiet drops the name of the operation and the file from an error of os.
func quiet(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return strings.TrimSpace(err.Error())
}
