package leave

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// Paths of docs/peer/engine.md §2.3, §11.7. In KeyDir are the keys of volumes, each by the name of its volume.
const (
	KeyDir    = "/etc/luks"
	cexKeyDir = "/etc/zkey/repository"
)

// keyRecordPath lists the key files that earlier runs made. Where the disks stage has formatted a volume anew, in a
// boot that repeats one that was cut off, there is a new key, and the file with the old one is ours to replace.
const keyRecordPath = target.StateDir + "/keys.json"

var (
	errOtherKey = errors.New("another key is there")
	errNoKey    = errors.New("the disks stage has left no key for it")
	errPlain    = errors.New("not the name of a file")
)

// opensByNetwork tells whether opening a volume at boot waits for the network, be it for one of several pins.
func opensByNetwork(c *config.Clevis) bool {
	return len(c.Tang) > 0 || config.Says(c.Custom.NeedsNetwork)
}

// A keyFile is a key on its way into the root.
type keyFile struct {
	target.Claim
	url diag.Secret // a data URL, "" if the state has none
}

// newKey claims the place of a key file.
func (l *Files) newKey(id, subject, origin, dir, name string, url diag.Secret) *keyFile {
	k := &keyFile{url: url, Claim: target.Claim{ID: id + ":" + name, Subject: subject + " " + diag.Name(name),
		Origin: origin, Path: path.Join(dir, name), Kind: root.File}}
	if name == "" || name == "." || name == ".." || strings.Contains(name, "/") {
		k.Err = errPlain
	}
	k.Held = func(t *target.Target) bool {
		found, err := t.Before(k.At)
		if err != nil || l.m.Fetch == nil {
			return false
		}
		state, err := k.judge(context.Background(), l.m, t, found)
		return err == nil && state == plan.Done
	}
	l.take(&k.Claim)
	return k
}

// claimVolumes claims what opens the encrypted volumes of the config when the system boots: their keys, and crypttab.
// The disks stage knows the files of secure keys, which are bound to a crypto adapter (s390x).
func (l *Files) claimVolumes() {
	lines := make([]volumeLine, 0, len(l.cfg.Storage.Luks))
	for i := range l.cfg.Storage.Luks {
		v := &l.cfg.Storage.Luks[i]
		line := volumeLine{name: v.Name, device: config.Says(v.Device), key: "none", network: opensByNetwork(&v.Clevis)}
		if !v.Clevis.Opens() {
			line.key = path.Join(KeyDir, v.Name)
			origin, key := fmt.Sprintf("$.storage.luks.%d", i), l.b.State.LuksPersistKeyFiles[v.Name]
			l.volumes = append(l.volumes, l.newKey("luks-key", "key of luks", origin, KeyDir, v.Name, key))
		}
		lines = append(lines, line)
	}
	if len(lines) > 0 {
		l.crypttab = l.newCrypttab(lines)
		l.take(&l.crypttab.Claim)
	}
	for _, name := range slices.Sorted(maps.Keys(l.b.State.LuksVolumeKeyFiles)) {
		l.secure = append(l.secure, l.newKey("volume-key", "secure key", "", cexKeyDir, name,
			l.b.State.LuksVolumeKeyFiles[name]))
	}
}

// planVolumes plans keys, their directory and record, and crypttab.
func (l *Files) planVolumes() plan.Plan {
	if l.crypttab == nil {
		return nil
	}
	steps := l.planKeys("luks", l.volumes)
	if len(l.volumes) > 0 {
		dir, err := l.keyDirectory()
		l.fail(dir.Fail(err))
		steps = append(plan.Plan{dir}, steps...)
	}
	table, err := l.crypttab.plan(l)
	l.fail(table.Fail(err))
	return append(steps, table)
}

// planKeys plans key files, and before them their record.
func (l *Files) planKeys(id string, files []*keyFile) plan.Plan {
	var keys plan.Plan
	var placed []*keyFile
	for _, k := range files {
		s := k.Step()
		if err := l.key(&s, k); err != nil {
			l.fail(s.Fail(err))
			continue
		}
		keys, placed = append(keys, s), append(placed, k)
	}
	return append(l.noteKeys(id, placed), keys...)
}

// readable refuses keys where it cannot be told which of those that are there are ours.
func (l *Files) readable() {
	if len(l.volumes)+len(l.secure) == 0 {
		return
	}
	if _, err := notedKeys(l.t); err != nil {
		l.fail(plan.Step{ID: "keys-noted", Subject: "record of keys"}.Fail(err))
		l.volumes, l.secure = nil, nil
	}
}

// keyDirectory plans the directory of the keys. One that is there keeps its mode.
func (l *Files) keyDirectory() (plan.Step, error) {
	s := plan.Step{ID: "luks-keys", Subject: "directory " + KeyDir, Effect: plan.Keep}
	at, _, err := l.t.Walk(KeyDir, true)
	if err != nil {
		return s, err
	}
	l.t.Take(&target.Claim{ID: s.ID, Subject: s.Subject, Path: KeyDir, Kind: root.Directory, At: at,
		Held: func(*target.Target) bool { return false }})
	kind, _, err := l.t.After(at, false)
	if err != nil {
		return s, err
	}
	if kind == root.Absent {
		s.Effect, s.Detail = plan.Create, "0700"
	}
	m := l.m
	s.Check = func(context.Context) (plan.State, error) {
		if found, err := m.Root.Lstat(at); err != nil || found.Kind != root.Directory {
			return plan.Pending, err
		}
		return plan.Done, nil
	}
	s.Do = func(context.Context) error {
		if _, err := m.Root.MkdirAll(target.Up(at), target.DirMode); err != nil {
			return err
		}
		return m.Root.Mkdir(at, 0o700)
	}
	return s, nil
}

// key completes the step of a key file. Another key that is there is refused unless a run before this made the file.
func (l *Files) key(s *plan.Step, k *keyFile) error {
	kind, err := l.there(&k.Claim)
	if err != nil {
		return err
	}
	if s.Effect, err = l.keyEffect(k, kind); err != nil {
		return err
	}
	m := l.m
	s.Detail = diag.Name(k.At) + ", 0600"
	s.Check = func(ctx context.Context) (plan.State, error) {
		found, err := m.Root.Lstat(k.At)
		if err != nil {
			return plan.Pending, err
		}
		return k.judge(ctx, m, target.Of(m.Root), found)
	}
	s.Do = func(ctx context.Context) error {
		return m.WriteSynced(k.At, m.PrivateFile(), false,
			func(to target.Output) error { return k.play(ctx, m, to) })
	}
	return nil
}

// keyEffect tells what becomes of what is there by then. What a node will be is looked at when it is there.
func (l *Files) keyEffect(k *keyFile, kind root.Kind) (plan.Effect, error) {
	switch {
	case kind == root.Absent && k.url != "":
		return plan.Create, nil
	case kind != root.Absent && kind != root.File:
		return 0, fmt.Errorf("%s is there", kind)
	case k.url != "" && (l.t.Claimed(k.At) != nil || l.m.Fetch == nil):
		return plan.Deferred, nil
	}
	found, err := l.t.Before(k.At)
	if err != nil {
		return 0, err
	}
	if k.url == "" {
		found.Kind = kind // whatever is in it by then, a record tells
	}
	switch state, err := k.judge(context.Background(), l.m, l.t, found); {
	case err != nil:
		return 0, err
	case state == plan.Done:
		return plan.Keep, nil
	}
	return plan.Change, nil
}

// judge tells whether a key is in its file, by what a view shows.
func (k *keyFile) judge(ctx context.Context, m *maker, v target.View, found root.Facts) (plan.State, error) {
	switch {
	case found.Kind == root.Absent && k.url == "":
		return plan.Conflict, errNoKey
	case found.Kind == root.Absent:
		return plan.Pending, nil
	case found.Kind != root.File:
		return plan.Conflict, fmt.Errorf("%s is there", found.Kind)
	}
	noted, err := notedKeys(v)
	if err != nil {
		return plan.Pending, err
	}
	if k.url == "" { // the stage has succeeded before, and forgot the key
		if !noted[k.At] {
			return plan.Conflict, errNoKey
		}
		return plan.Done, nil
	}
	same, err := target.Holds(v, k.At, k.Origin, func(to target.Output) error { return k.play(ctx, m, to) })
	switch {
	case err != nil:
		return plan.Pending, err
	case !same && !noted[k.At]:
		return plan.Conflict, errOtherKey
	case same && m.PrivateFile().Fit(found):
		return plan.Done, nil
	}
	return plan.Pending, nil
}

// play writes the key.
func (k *keyFile) play(ctx context.Context, m *maker, to target.Output) error {
	return m.Play(ctx, dataResource(k.url), to)
}

func dataResource(url diag.Secret) config.Resource {
	source := url.Reveal()
	return config.Resource{Source: &source}
}

// keyRecord is the form of the record.
type keyRecord struct {
	Version int      `json:"version"`
	Files   []string `json:"files"`
}

// notedKeys reads the record. One that is damaged is an error: it decides what may be replaced.
func notedKeys(v target.View) (map[string]bool, error) {
	var record keyRecord
	err := target.ReadRecord(v, keyRecordPath, "a record of keys", &record, &record.Version)
	noted := make(map[string]bool, len(record.Files))
	for _, at := range record.Files {
		noted[at] = true
	}
	return noted, err
}

// noteKeys plans the record of the key files that are not there yet. It is on disk before the first key is.
func (l *Files) noteKeys(id string, files []*keyFile) plan.Plan {
	if len(files) == 0 {
		return nil
	}
	m := l.m
	s := plan.Step{ID: id + "-keys-noted", Subject: "record of keys", Effect: plan.Change, Detail: keyRecordPath}
	if _, added, err := toNote(l.t, files); err == nil && !added {
		s.Effect = plan.Keep
	}
	s.Check = func(context.Context) (plan.State, error) {
		if _, added, err := toNote(target.Of(m.Root), files); err != nil || added {
			return plan.Pending, err
		}
		return plan.Done, nil
	}
	s.Do = func(context.Context) error {
		all, _, err := toNote(target.Of(m.Root), files)
		if err != nil {
			return err
		}
		return m.WriteRecord(keyRecordPath, keyRecord{Version: 1, Files: all})
	}
	return plan.Plan{s}
}

// toNote gives what the record is to list: what it lists, and the files that are not there.
func toNote(v target.View, files []*keyFile) (all []string, added bool, err error) {
	noted, err := notedKeys(v)
	if err != nil {
		return nil, false, err
	}
	for _, k := range files {
		found, err := v.Lstat(k.At)
		if err != nil {
			return nil, false, err
		}
		if found.Kind == root.Absent && !noted[k.At] {
			noted[k.At], added = true, true
		}
	}
	return slices.Sorted(maps.Keys(noted)), added, nil
}
