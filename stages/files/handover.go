package files

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
)

// Paths of docs/peer/engine.md §2.3, §11.7.
const (
	keyDir    = "/etc/luks"
	cexKeyDir = "/etc/zkey/repository"
)

// keyRecordPath lists the key files that earlier runs made. Where the disks stage has formatted a volume anew, in a
// boot that repeats one that was cut off, there is a new key, and the file with the old one is ours to replace.
const keyRecordPath = stateDir + "/keys.json"

var (
	errOtherKey = errors.New("another key is there")
	errNoKey    = errors.New("the disks stage has left no key for it")
	errPlain    = errors.New("not the name of a file")
)

// opensByNetwork tells whether opening a volume at boot waits for the network, be it for one of several pins.
func opensByNetwork(c *config.Clevis) bool { return len(c.Tang) > 0 || is(c.Custom.NeedsNetwork) }

// A keyFile is a key on its way into the root.
type keyFile struct {
	at  string
	url diag.Secret // a data URL, "" if the state has none
}

// volumes plans what opens the encrypted volumes of the config when the system boots: their keys, and crypttab.
func (p *planner) volumes(cfg config.Config, b *Boot, l *labels) (plan.Plan, error) {
	if len(cfg.Storage.Luks) == 0 {
		return nil, nil
	}
	var keys plan.Plan
	var files []string
	lines := make([]volumeLine, 0, len(cfg.Storage.Luks))
	for i := range cfg.Storage.Luks {
		v := &cfg.Storage.Luks[i]
		line := volumeLine{name: v.Name, device: text(v.Device), key: "none", network: opensByNetwork(&v.Clevis)}
		if !v.Clevis.Opens() {
			line.key = path.Join(keyDir, v.Name)
			s := plan.Step{ID: "luks-key:" + v.Name, Subject: "key of luks " + diag.Name(v.Name),
				Origin: fmt.Sprintf("$.storage.luks.%d", i)}
			at, err := p.key(&s, line.key, v.Name, b.State.LuksPersistKeyFiles[v.Name], l)
			if err != nil {
				return nil, s.Fail(err)
			}
			keys, files = append(keys, s), append(files, at)
		}
		lines = append(lines, line)
	}
	steps, err := p.noteKeys("luks", files, l)
	if err != nil {
		return nil, err
	}
	if len(keys) > 0 {
		dir, err := p.keyDirectory(l)
		if err != nil {
			return nil, err
		}
		steps = append(plan.Plan{dir}, steps...)
	}
	table, err := p.crypttab(lines, b, l)
	return append(append(steps, keys...), table), err
}

// volumeKeys plans the secure keys of volumes whose key is bound to a crypto adapter (s390x). The disks stage knows
// their files.
func (p *planner) volumeKeys(_ config.Config, b *Boot, l *labels) (plan.Plan, error) {
	var keys plan.Plan
	var files []string
	for _, name := range slices.Sorted(maps.Keys(b.State.LuksVolumeKeyFiles)) {
		s := plan.Step{ID: "volume-key:" + name, Subject: "secure key " + diag.Name(name)}
		at, err := p.key(&s, path.Join(cexKeyDir, name), name, b.State.LuksVolumeKeyFiles[name], l)
		if err != nil {
			return nil, s.Fail(err)
		}
		keys, files = append(keys, s), append(files, at)
	}
	noted, err := p.noteKeys("volume", files, l)
	return append(noted, keys...), err
}

// keyDirectory plans the directory of the keys. One that is there keeps its mode.
func (p *planner) keyDirectory(l *labels) (plan.Step, error) {
	s := plan.Step{ID: "luks-keys", Subject: "directory " + keyDir, Effect: plan.Keep}
	at, _, err := p.world.walk(keyDir, true)
	if err != nil {
		return s, s.Fail(err)
	}
	kind, _, err := p.world.after(at, false)
	if err != nil {
		return s, s.Fail(err)
	}
	if kind == root.Absent {
		s.Effect, s.Detail = plan.Create, "0700"
	}
	w := p.worker
	s.Check = func(context.Context) (plan.State, error) {
		if found, err := w.Root.Lstat(at); err != nil || found.Kind != root.Directory {
			return plan.Pending, err
		}
		return plan.Done, nil
	}
	s.Do = func(context.Context) error {
		if _, err := w.Root.MkdirAll(up(at), 0o755); err != nil {
			return err
		}
		return w.Root.Mkdir(at, 0o700)
	}
	return s, s.Fail(l.add(at))
}

// key completes the step of a key file. Another key that is there is refused unless a run before this made the file.
func (p *planner) key(s *plan.Step, file, name string, url diag.Secret, l *labels) (string, error) {
	if name == "" || name == "." || name == ".." || strings.Contains(name, "/") {
		return "", errPlain
	}
	at, kind, err := p.bootFile(file)
	if err != nil {
		return "", err
	}
	noted, err := notedKeys(p.world.view)
	if err != nil {
		return "", err
	}
	switch {
	case kind == root.Absent && url != "":
		s.Effect = plan.Create
	case kind == root.Absent, url == "" && !noted[at]:
		return "", errNoKey
	case kind != root.File:
		return "", fmt.Errorf("%s is there", kind)
	case url == "":
		s.Effect = plan.Keep
	default:
		s.Effect = plan.Deferred
	}
	s.Detail = diag.Name(at) + ", 0600"
	k, w := keyFile{at: at, url: url}, p.worker
	s.Check = func(ctx context.Context) (plan.State, error) { return w.checkKey(ctx, k) }
	s.Do = func(ctx context.Context) error {
		return w.writeSynced(at, w.privateFile(), false, func(t *root.Temp) error {
			return w.Fetch(ctx, dataResource(url), t)
		})
	}
	w.claims[at] = s.Check
	return at, l.add(at)
}

func dataResource(url diag.Secret) config.Resource {
	source := url.Reveal()
	return config.Resource{Source: &source}
}

// checkKey tells whether a key is in its file.
func (w *worker) checkKey(ctx context.Context, k keyFile) (plan.State, error) {
	found, err := w.Root.Lstat(k.at)
	switch {
	case err != nil:
		return plan.Pending, err
	case found.Kind == root.Absent && k.url == "":
		return plan.Conflict, errNoKey
	case found.Kind == root.Absent:
		return plan.Pending, nil
	case found.Kind != root.File:
		return plan.Conflict, fmt.Errorf("%s is there", found.Kind)
	}
	noted, err := notedKeys(w.Root)
	if err != nil {
		return plan.Pending, err
	}
	if k.url == "" { // the stage has succeeded before, and forgot the key
		if !noted[k.at] {
			return plan.Conflict, errNoKey
		}
		return plan.Done, nil
	}
	same, err := w.holdsKey(ctx, k)
	switch {
	case err != nil:
		return plan.Pending, err
	case !same && !noted[k.at]:
		return plan.Conflict, errOtherKey
	case same && w.privateFile().Fit(found):
		return plan.Done, nil
	}
	return plan.Pending, nil
}

func (w *worker) holdsKey(ctx context.Context, k keyFile) (bool, error) {
	f, err := w.Root.Open(k.at, false)
	if err != nil {
		return false, err
	}
	defer f.Close()
	got, err := compare(f, 0, func(out output) error {
		out.Mark()
		return w.Fetch(ctx, dataResource(k.url), out)
	})
	return got == equal, err
}

// keyRecord is the form of the record.
type keyRecord struct {
	Version int      `json:"version"`
	Files   []string `json:"files"`
}

// notedKeys reads the record. One that is damaged is an error: it decides what may be replaced.
func notedKeys(v View) (map[string]bool, error) {
	var record keyRecord
	if err := readRecord(v, keyRecordPath, &record); err != nil {
		return nil, err
	}
	noted := make(map[string]bool, len(record.Files))
	for _, at := range record.Files {
		noted[at] = true
	}
	return noted, nil
}

// readRecord reads a file of ours in stateDir, if it is there.
func readRecord(v View, file string, to any) error {
	text, err := v.ReadFile(file, recordLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if json.Unmarshal(text, to) != nil {
		return damaged(file, "a record of glowplug's")
	}
	return nil
}

// damaged is the error of a record that cannot be read. It is not taken for an empty one: who removes it decides that.
func damaged(file, what string) error {
	return diag.WithHint(fmt.Errorf("%s: not %s", file, what),
		"remove the file; a run then no longer knows what earlier runs noted there: what they appended to, or made")
}

// writeRecord has a record on disk when it returns.
func (w *worker) writeRecord(file string, record any) error {
	text, err := json.Marshal(record)
	if err != nil {
		return err
	}
	return w.writeBytes(file, private, false, append(text, '\n'))
}

// noteKeys plans the record of the key files that are not there yet. It is on disk before the first key is.
func (p *planner) noteKeys(id string, files []string, l *labels) (plan.Plan, error) {
	if len(files) == 0 {
		return nil, nil
	}
	w := p.worker
	s := plan.Step{ID: id + "-keys-noted", Subject: "record of keys", Effect: plan.Change, Detail: keyRecordPath}
	s.Check = func(context.Context) (plan.State, error) {
		if _, added, err := w.toNote(files); err != nil || added {
			return plan.Pending, err
		}
		return plan.Done, nil
	}
	s.Do = func(context.Context) error {
		all, _, err := w.toNote(files)
		if err != nil {
			return err
		}
		return w.writeRecord(keyRecordPath, keyRecord{Version: 1, Files: all})
	}
	return plan.Plan{s}, s.Fail(l.add(keyRecordPath))
}

// toNote gives what the record is to list: what it lists, and the files that are not there.
func (w *worker) toNote(files []string) (all []string, added bool, err error) {
	noted, err := notedKeys(w.Root)
	if err != nil {
		return nil, false, err
	}
	for _, at := range files {
		found, err := w.Root.Lstat(at)
		if err != nil {
			return nil, false, err
		}
		if found.Kind == root.Absent && !noted[at] {
			noted[at], added = true, true
		}
	}
	return slices.Sorted(maps.Keys(noted)), added, nil
}
