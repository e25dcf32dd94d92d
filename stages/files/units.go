package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/host"
	"github.com/glowplug-os/glowplug/internal/unit"
)

// Paths of reference: engine §11.6.
const (
	unitDir    = "/etc/systemd/system"
	presetPath = "/etc/systemd/system-preset/20-ignition.preset"
	maskTarget = "/dev/null"
)

const presetLimit = 16 << 20

// units plans drop-ins, unit files, masks, and then the presets of all units.
func (p *planner) units(units []config.Unit) (host.Plan, error) {
	var plan host.Plan
	for i, u := range units {
		steps, err := p.unit(u, fmt.Sprintf("$.systemd.units.%d", i))
		if err != nil {
			return nil, err
		}
		plan = append(plan, steps...)
	}
	presets, err := p.presets(units)
	return append(plan, presets...), err
}

// unit plans one unit. Every step claims its place, for the nodes that may be there first.
func (p *planner) unit(u config.Unit, origin string) (host.Plan, error) {
	var plan host.Plan
	add := func(s host.Step, at string, err error) error {
		if err != nil {
			return s.Fail(err)
		}
		p.worker.claims[at] = s.Check
		plan = append(plan, s)
		return nil
	}
	for i, d := range u.Dropins {
		if d.Contents == nil {
			continue
		}
		s := host.Step{ID: "dropin:" + u.Name + "/" + d.Name, Subject: "drop-in " + host.Show(u.Name+"/"+d.Name), Origin: fmt.Sprintf("%s.dropins.%d", origin, i)}
		at, err := p.text(&s, path.Join(unitDir, u.Name+".d", d.Name), *d.Contents)
		if err := add(s, at, err); err != nil {
			return nil, err
		}
	}
	s := host.Step{ID: "unit:" + u.Name, Subject: "unit " + host.Show(u.Name), Origin: origin}
	file := path.Join(unitDir, u.Name)
	switch {
	case is(u.Mask):
		// Contents would be written only to be removed for the mask.
		s.ID, s.Subject = "mask:"+u.Name, "mask "+host.Show(u.Name)
		at, err := p.mask(&s, file)
		return plan, add(s, at, err)
	case text(u.Contents) != "":
		at, err := p.text(&s, file, *u.Contents)
		return plan, add(s, at, err)
	case u.Mask != nil:
		s.ID, s.Subject = "unmask:"+u.Name, "unmask "+host.Show(u.Name)
		if err := p.unmask(&s, file); err != nil {
			return nil, s.Fail(err)
		}
		plan = append(plan, s)
	}
	return plan, nil
}

// place resolves the path of a unit's file and looks at what is there.
func (p *planner) place(file string) (at string, found host.Facts, err error) {
	if err := checkPath(file); err != nil {
		return "", found, err
	}
	if at, err = p.world.resolve(file); err != nil {
		return "", found, err
	}
	found, err = p.world.before(at)
	return at, found, err
}

var errDirectory = errors.New("a directory is there")

// text completes the step of a file of a unit, which replaces all but a directory.
func (p *planner) text(s *host.Step, file, content string) (string, error) {
	at, found, err := p.place(file)
	if err != nil {
		return "", err
	}
	s.Detail = fmt.Sprintf("%s, %d bytes", host.Show(at), len(content))
	switch found.Kind {
	case host.Directory:
		return "", errDirectory
	case host.Absent:
		s.Effect = host.Create
	default:
		s.Effect = host.Change
	}
	w, want := p.worker, p.worker.systemFile()
	if found.Kind == host.File && found.Size == int64(len(content)) && want.Fit(found) {
		if was, err := p.world.view.ReadFile(at, found.Size); err == nil && string(was) == content {
			s.Effect = host.Keep
		}
	}
	s.Check = func(context.Context) (host.State, error) { return w.hasText(at, content, want) }
	var ready *host.Temp
	s.Prepare = func(context.Context) (err error) {
		ready, err = w.prepareText(at, []byte(content), want)
		return err
	}
	s.Abandon = func() {
		if ready != nil {
			ready.Discard()
		}
	}
	s.Do = func(context.Context) error {
		t := ready
		ready = nil
		return t.Place(true)
	}
	return at, nil
}

// systemFile are the attributes of a file that is systemd's to read.
func (w *worker) systemFile() attributes {
	if w.Privileged && !w.NoOwner {
		return attributes{UID: 0, GID: 0, Mode: 0o644}
	}
	return attributes{UID: -1, GID: -1, Mode: 0o644}
}

// hasText is the Check of a unit's file. That another owner's file has the right content is not enough: systemd would read
// what that owner writes next.
func (w *worker) hasText(at, content string, want attributes) (host.State, error) {
	found, err := w.Root.Lstat(at)
	switch {
	case err != nil:
		return host.Pending, err
	case found.Kind == host.Directory:
		return host.Conflict, errDirectory
	case found.Kind != host.File || !want.Fit(found) || found.Size != int64(len(content)):
		return host.Pending, nil
	}
	f, err := w.Root.Open(at, false)
	if err != nil {
		return host.Pending, err
	}
	defer f.Close()
	got, err := compare(f, 0, func(out output) error {
		_, err := io.WriteString(out, content)
		return err
	})
	if err != nil || got != equal {
		return host.Pending, err
	}
	return host.Done, nil
}

// prepareText writes a file whole under a temporary name.
func (w *worker) prepareText(at string, content []byte, want attributes) (*host.Temp, error) {
	if _, err := w.Root.MkdirAll(up(at), 0o755); err != nil {
		return nil, err
	}
	t, err := w.Root.Create(at, want)
	if err != nil {
		return nil, err
	}
	if _, err := t.Write(content); err != nil {
		t.Discard()
		return nil, err
	}
	return t, nil
}

// writeText writes a file whole, in place of what is there, so that it survives a power cut at any moment.
func (w *worker) writeText(at string, content []byte, want attributes) error {
	t, err := w.prepareText(at, content, want)
	if err != nil {
		return err
	}
	return t.PlaceSynced(true)
}

// mask completes the step of a link to /dev/null, which systemd takes for "never start this".
func (p *planner) mask(s *host.Step, file string) (string, error) {
	at, found, err := p.place(file)
	if err != nil {
		return "", err
	}
	s.Detail = host.Show(at) + " to " + maskTarget
	switch {
	case found.Kind == host.Absent:
		s.Effect = host.Create
	case found.Target == maskTarget:
		s.Effect = host.Keep
	default:
		s.Effect = host.Destroy
	}
	w := p.worker
	s.Check = func(context.Context) (host.State, error) {
		if found, err := w.Root.Lstat(at); err != nil || found.Target != maskTarget {
			return host.Pending, err
		}
		return host.Done, nil
	}
	s.Do = func(context.Context) error { return w.link(at) }
	return at, nil
}

// link makes the mask. A rename cannot take the place of a directory.
func (w *worker) link(at string) error {
	if _, err := w.Root.MkdirAll(up(at), 0o755); err != nil {
		return err
	}
	found, err := w.Root.Lstat(at)
	if err != nil {
		return err
	}
	if found.Kind == host.Directory {
		if err := w.Root.RemoveAll(at); err != nil {
			return err
		}
	}
	owner := w.systemFile()
	owner.Mode = -1
	return w.Root.Symlink(maskTarget, at, owner, true)
}

// unmask completes the step of removing a mask and nothing else: a link to anywhere else is an alias.
func (p *planner) unmask(s *host.Step, file string) error {
	at, found, err := p.place(file)
	if err != nil {
		return err
	}
	s.Detail = host.Show(at)
	if found.Target == maskTarget {
		s.Effect = host.Destroy
	}
	w := p.worker
	s.Check = func(context.Context) (host.State, error) {
		if found, err := w.Root.Lstat(at); err != nil || found.Target == maskTarget {
			return host.Pending, err
		}
		return host.Done, nil
	}
	s.Do = func(context.Context) error { return w.Root.RemoveAll(at) }
	return nil
}

// A preset is what the preset file says of the units of a config, before it is known which of the disabled ones are
// enabled in the root.
type preset struct {
	enable  map[string][]string // a unit, or a template with its instances
	disable []string
	kept    map[string]bool // disabled units whose line was there when the plan was made
}

// presetOf sorts the units that say whether they are enabled.
func presetOf(units []config.Unit) preset {
	all := preset{enable: map[string][]string{}, kept: map[string]bool{}}
	for _, u := range units {
		if u.Enabled == nil {
			continue
		}
		if !*u.Enabled {
			all.disable = append(all.disable, u.Name)
			continue
		}
		name, instance, ok := unit.SplitInstance(u.Name)
		if !ok {
			all.enable[u.Name] = nil
			continue
		}
		all.enable[name] = append(all.enable[name], instance)
	}
	return all
}

// lines gives the lines of the preset file, in the order of reference: engine §11.6. systemd.preset(5) knows lists of
// instances for enable only, so a disabled instance has a line of its own.
func (s preset) lines(disabled map[string]bool) []string {
	byKey := map[string]string{}
	for name, instances := range s.enable {
		line := "enable " + name
		if instances != nil {
			line += " " + strings.Join(instances, " ")
		}
		byKey[name+"-enabled"] = line
	}
	for _, name := range s.disable {
		if disabled[name] || s.kept[name] {
			byKey[name+"-disabled"] = "disable " + name
		}
	}
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		lines = append(lines, byKey[key])
	}
	return lines
}

// presets plans the preset file and then, a step each, the disabling of units. The file comes first: once a unit is
// disabled nothing tells any more that it has to be in the file.
func (p *planner) presets(units []config.Unit) (host.Plan, error) {
	all := presetOf(units)
	if len(all.enable) == 0 && len(all.disable) == 0 {
		return nil, nil
	}
	s := host.Step{ID: "presets", Subject: "presets " + path.Base(presetPath), Effect: host.Change}
	at, _, err := p.world.walk(presetPath, true)
	if err != nil {
		return nil, s.Fail(err)
	}
	p.worker.presetAt = at
	before, err := p.world.view.ReadFile(at, presetLimit)
	if errors.Is(err, fs.ErrNotExist) {
		s.Effect, err = host.Create, nil
	}
	if err != nil {
		return nil, s.Fail(err)
	}
	for _, name := range all.disable {
		all.kept[name] = len(missing(before, []string{"disable " + name})) == 0
	}
	s.Detail = all.detail()
	switch {
	case len(all.enable) == 0:
		s.Effect = host.Deferred
	case s.Effect == host.Change && len(all.disable) == 0 && len(missing(before, all.lines(nil))) == 0:
		s.Effect = host.Keep
	}
	w := p.worker
	s.Check = func(ctx context.Context) (host.State, error) { return w.checkPresets(ctx, at, all) }
	s.Do = func(ctx context.Context) error { return w.writePresets(ctx, at, all) }
	plan := host.Plan{s}
	for i, u := range units {
		if u.Enabled != nil && !*u.Enabled {
			plan = append(plan, p.disable(u.Name, fmt.Sprintf("$.systemd.units.%d", i)))
		}
	}
	return plan, nil
}

// detail gives the lines as far as they are known.
func (s preset) detail() string {
	var words []string
	if lines := (preset{enable: s.enable}).lines(nil); len(lines) > 0 {
		words = append(words, strings.Join(lines, ", "))
	}
	for _, name := range s.disable {
		words = append(words, "disable "+name+" if it is enabled")
	}
	return strings.Join(words, ", ")
}

// disable makes the step that disables a unit. The line in the preset file is not enough: unless it is built otherwise,
// systemd's presets at a first boot enable units and never disable one.
func (p *planner) disable(name, origin string) host.Step {
	w := p.worker
	return host.Step{
		ID: "disable:" + name, Effect: host.Deferred, Origin: origin,
		Subject: "disable " + host.Show(name), Detail: "if it is enabled then",
		Check: func(ctx context.Context) (host.State, error) {
			if enabled, err := w.isEnabled(ctx, name); err != nil || enabled {
				return host.Pending, err
			}
			return host.Done, nil
		},
		Do: func(ctx context.Context) error {
			_, err := w.systemctl(ctx, "disable", name)
			return err
		},
	}
}

// systemctl works on the root's files; no manager has to run, there or here.
func (w *worker) systemctl(ctx context.Context, verb string, units ...string) ([]byte, error) {
	args := []string{"--root", w.Root.Dir(), verb}
	if slices.ContainsFunc(units, func(name string) bool { return strings.HasPrefix(name, "-") }) {
		args = append(args, "--") // -.mount is the unit of the root filesystem
	}
	args = append(args, units...)
	// Where a unit has a namesake in /etc/init.d, systemctl would call a program of Debian's that no initramfs has, about links
	// that mean nothing beside the unit's own (SYSTEMD.ENVIRONMENT of systemd).
	return w.Tools.Run(ctx, host.Command{Tool: "systemctl", Args: args, Env: []string{"SYSTEMCTL_SKIP_SYSV=1"}})
}

// isEnabled asks systemctl. Whatever keeps it from saying yes means no (reference: engine §11.6), but for the end of ctx.
func (w *worker) isEnabled(ctx context.Context, name string) (bool, error) {
	if w.Tools == nil {
		return false, nil
	}
	_, err := w.systemctl(ctx, "is-enabled", name)
	return err == nil, context.Cause(ctx)
}

// toAdd gives the lines that the preset file lacks, and what is in it.
func (w *worker) toAdd(ctx context.Context, at string, all preset) (before []byte, lines []string, err error) {
	disabled := map[string]bool{}
	for _, name := range all.disable {
		if disabled[name], err = w.isEnabled(ctx, name); err != nil {
			return nil, nil, err
		}
	}
	before, err = w.Root.ReadFile(at, presetLimit)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	return before, missing(before, all.lines(disabled)), nil
}

// missing gives the lines that are not among those of a text.
func missing(text []byte, lines []string) []string {
	there := map[string]bool{}
	for line := range bytes.Lines(text) {
		there[strings.TrimRight(string(line), "\n")] = true
	}
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return there[line] })
}

// checkPresets is done when no line is missing.
func (w *worker) checkPresets(ctx context.Context, at string, all preset) (host.State, error) {
	_, lines, err := w.toAdd(ctx, at, all)
	if err != nil || len(lines) > 0 {
		return host.Pending, err
	}
	return host.Done, nil
}

// writePresets writes the file anew with the missing lines at its end, which keeps it whole at any time. What the image
// ships there keeps its owner and mode.
func (w *worker) writePresets(ctx context.Context, at string, all preset) error {
	content, lines, err := w.toAdd(ctx, at, all)
	if err != nil || len(lines) == 0 {
		return err
	}
	found, err := w.Root.Lstat(at)
	if err != nil {
		return err
	}
	want := w.systemFile()
	if found.Kind == host.File {
		want = attributes{UID: int64(found.UID), GID: int64(found.GID), Mode: int64(found.Mode)}
		if !w.Privileged || w.NoOwner {
			want.UID, want.GID = -1, -1
		}
	}
	if len(content) > 0 && content[len(content)-1] != '\n' {
		content = append(content, '\n')
	}
	content = append(content, strings.Join(lines, "\n")+"\n"...)
	return w.writeText(at, content, want)
}

// unitDirs are where a root keeps units, in the order of systemd.unit(5). /lib is /usr/lib where /usr is merged.
var unitDirs = [...]string{unitDir, "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"}

// PresetStep has systemctl apply the presets of the config's units to a root that will not see a first boot, and tells
// whether there is anything to apply. A boot needs no such step: systemd applies presets itself. Units that the root does
// not have are left out; systemctl would stop at them.
func PresetStep(cfg config.Config, opts Options) (host.Step, bool) {
	var names []string
	for _, u := range cfg.Systemd.Units {
		if u.Enabled != nil {
			names = append(names, u.Name)
		}
	}
	w := &worker{Options: opts}
	return host.Step{
		ID: "apply-presets", Effect: host.Change, Subject: "apply presets", Detail: strings.Join(names, " "),
		Do: func(ctx context.Context) error {
			there := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !w.hasUnit(name) })
			if len(there) == 0 {
				return nil
			}
			_, err := w.systemctl(ctx, "preset", there...)
			return err
		},
	}, len(names) > 0
}

// hasUnit looks for a unit or its template. Files are looked for by name only: whether they are good is systemctl's to
// say.
func (w *worker) hasUnit(name string) bool {
	template, instance, _ := unit.SplitInstance(name)
	if template == name && instance == "" {
		template = ""
	}
	for _, dir := range unitDirs {
		for _, file := range []string{name, template} {
			if file == "" {
				continue
			}
			if f, err := w.Root.Lstat(path.Join(dir, file)); err == nil && f.Kind != host.Absent {
				return true
			}
		}
	}
	return false
}
