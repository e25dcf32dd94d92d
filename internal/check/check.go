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
	end, err := v.against(ctx)
	if err != nil {
		return err
	}
	defer end()
	all, excluded := expand(o.files, o.excludes, o.asInFolders)
	v.excluded = excluded
	if err := v.overwrites(all); err != nil {
		return err
	}
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

// against opens the root that is to be judged, if there is one. Where a project file names what is none, that is its
// error, and the files are checked all the same.
func (v *verdict) against(ctx context.Context) (end func(), err error) {
	none := func() {}
	open, where := v.options.Against, v.options.root
	if v.options.facts != "" {
		open, where = v.options.Noted, v.options.facts
	}
	if where == "" || open == nil {
		return none, nil
	}
	image, err := open(ctx, v.p, where)
	if err == nil {
		v.judge = image.Judge
		v.options.addSystemd(image.Systemd, "this image", anotherImage)
		return image.End, nil
	}
	if at := v.options.rootAt; at != nil && v.options.facts == "" {
		at.Wrong(err)
		return none, nil
	}
	return none, err
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
	pace  func() // ends the pace of the one that is read alone; nil while none is
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

func (v *verdict) file(f found) results.File { return v.rated(v.judged(f)) }

// rated is a file with its verdict.
func (v *verdict) rated(judged results.File) results.File {
	judged.Invalid = slices.ContainsFunc(judged.Problems, func(p diag.Problem) bool { return p.Severity >= v.fails })
	return judged
}

func (v *verdict) judged(f found) results.File {
	if f.err != nil {
		return failed(f.name, "reading the folder", f.err)
	}
	shown, text, err := readText(v.p, f.name)
	if f.name == "-" && v.options.stdinName != "" {
		shown = v.options.stdinName
	}
	if err != nil {
		return failed(shown, "reading the config", err)
	}
	if isProject(shown) {
		return results.File{Name: shown, Problems: v.projectProblems(f.name, shown, text)}
	}
	defer v.turn(text)()
	return v.text(f.name, shown, text)
}

// failed is a file that cannot be judged.
func failed(name, doing string, err error) results.File {
	return results.File{Name: name, Problems: []diag.Problem{unreadable(name, named(doing, name, err))}}
}

// text judges a text, which is in a file of a name and is shown under another.
func (v *verdict) text(name, shown, text string) results.File {
	judged := results.File{Name: shown}
	var unwritten []diag.Problem
	if v.options.fix {
		var err error
		if text, err = v.fix(name, shown, text); err != nil {
			unwritten = append(unwritten, unreadable(shown, named("writing the fixes", shown, err)))
		}
	}
	found := v.examine(name, shown, text)
	judged.Problems, judged.Ignored, judged.Absent = append(unwritten, found.Problems...), found.Ignored, found.Absent
	return judged
}

// turn waits until a text may be read; what it gives ends that.
func (v *verdict) turn(text string) (end func()) {
	if len(text) <= largeText {
		v.large.RLock()
		return v.large.RUnlock
	}
	v.large.Lock()
	v.pace = load.PaceCollector(text)
	return func() {
		if len(v.report.Files) > 1 { // the report on one is part of the work on it
			v.pace()
		}
		v.pace = nil
		v.large.Unlock()
	}
}

// unpaced ends the pace of the collector while something is planned, as a plan is larger than the text; what it gives
// takes the pace up again.
func (v *verdict) unpaced(text string) (again func()) {
	if v.pace == nil {
		return func() {}
	}
	v.pace()
	return func() { v.pace = load.PaceCollector(text) }
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
