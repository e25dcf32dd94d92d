package stages

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/record"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/target"
)

// Record says what a machine is like that a config was carried out on, so that Verify can compare it with that later
// without the config and its secrets. Contents and UUIDs are recorded as they are, and all else as the config has it.
// It changes nothing.
func Record(ctx context.Context, q Question) (*record.Record, error) {
	m, _, f, _, err := q.comparison(ctx) // what is in the way is not as described, which Verify tells
	if err != nil {
		return nil, err
	}
	w := recorder{from: &m.config, view: f.Root, left: f.Files.Results(), homesOf: f.Files.Homes(),
		devices: m.devices, at: map[string]int{}}
	text, err := json.Marshal(w.config())
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(q.Text)
	return &record.Record{Version: record.Version, Glowplug: q.Version, Config: text,
		Documents: []record.Document{{Name: q.Name, SHA256: hex.EncodeToString(sum[:])}}}, nil
}

// A recorder makes the config of a record.
type recorder struct {
	from    *config.Config
	view    target.View // nil where nothing is to be said of files
	left    map[string][]plan.Result
	homesOf map[string]string
	devices scene.Scene // nil where nothing is to be said of disks

	to config.Config
	at map[string]int // files by their places: what comes later counts
}

func (w *recorder) config() *config.Config {
	w.to.Ignition.Version = config.Newest.String()
	if w.devices != nil {
		w.disks()
		w.to.KernelArguments.ShouldExist = bare(w.from.KernelArguments.ShouldExist)
		w.to.KernelArguments.ShouldNotExist = bare(w.from.KernelArguments.ShouldNotExist)
	}
	if w.view != nil {
		w.nodes()
		w.homes()
		w.units()
		w.accounts()
	}
	return &w.to
}

// bare are arguments without a value, which may be a secret.
func bare(arguments []string) (all []string) {
	for _, a := range arguments {
		if !strings.Contains(a, "=") {
			all = append(all, a)
		}
	}
	return all
}

// recordedSource stands for a content of which a record has the digest. No server has that name (RFC 6761, 6.4).
const recordedSource = "https://recorded.invalid/"

// nodes are directories, files and links as the config has them, but for what is in files.
func (w *recorder) nodes() {
	s := &w.from.Storage
	for _, d := range s.Directories {
		d.Overwrite = nil
		w.to.Storage.Directories = append(w.to.Storage.Directories, d)
	}
	for _, f := range s.Files {
		place := f.Path
		if left := w.left["file:"+f.Path]; len(left) == 1 {
			place = left[0].At
		}
		is := config.File{Node: config.Node{Path: place, User: f.User, Group: f.Group}}
		is.Mode = f.Mode
		if f.Contents.Source != nil {
			is.Contents = w.content(place)
		}
		w.file(is)
	}
	w.to.Storage.Links = slices.Clone(s.Links)
}

// homes are directories, as they are.
func (w *recorder) homes() {
	known := map[string]bool{"/": true}
	for _, d := range w.to.Storage.Directories {
		known[path.Clean(d.Path)] = true
	}
	for _, u := range w.from.Passwd.Users {
		at, err := target.Resolve(w.view, w.homesOf[u.Name])
		if err != nil || known[at] {
			continue
		}
		found, err := w.view.Lstat(at)
		if err != nil || found.Kind != root.Directory {
			continue
		}
		known[at] = true
		mode := int(found.Mode)
		w.to.Storage.Directories = append(w.to.Storage.Directories, config.Directory{Mode: &mode, Node: config.Node{
			Path: at, User: config.NodeOwner{ID: owner(int64(found.UID))},
			Group: config.NodeOwner{ID: owner(int64(found.GID))}}})
	}
}

// file adds a file, in the place of one that was there before.
func (w *recorder) file(f config.File) {
	i, is := w.at[f.Path]
	if !is {
		i = len(w.to.Storage.Files)
		w.at[f.Path] = i
		w.to.Storage.Files = append(w.to.Storage.Files, f)
	}
	w.to.Storage.Files[i] = f
}

// content is what is in a file, by its digest; nothing where it cannot be read.
func (w *recorder) content(at string) (r config.Resource) {
	f, err := w.view.Open(at)
	if err != nil {
		return r
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return r
	}
	source, digest := recordedSource, "sha256-"+hex.EncodeToString(h.Sum(nil))
	r.Source, r.Verification.Hash = &source, &digest
	return r
}

// written adds the file of a step, which is of so many.
func (w *recorder) written(id string) {
	left := w.left[id]
	if len(left) != 1 || left[0].Made != plan.AFile {
		return
	}
	r := left[0]
	f := config.File{Node: config.Node{Path: r.At, User: config.NodeOwner{ID: owner(r.UID)},
		Group: config.NodeOwner{ID: owner(r.GID)}}}
	if r.Mode >= 0 {
		mode := int(r.Mode)
		f.Mode = &mode
	}
	f.Contents = w.content(r.At)
	w.file(f)
}

func owner(id int64) *int {
	if id < 0 {
		return nil
	}
	n := int(id)
	return &n
}

// units are what is written for them, as files, and whether they are enabled and masked.
func (w *recorder) units() {
	for _, u := range w.from.Systemd.Units {
		for _, d := range u.Dropins {
			w.written("dropin:" + u.Name + "/" + d.Name)
		}
		if !config.Says(u.Mask) {
			w.written("unit:" + u.Name)
		}
		if u.Enabled != nil || u.Mask != nil {
			w.to.Systemd.Units = append(w.to.Systemd.Units,
				config.Unit{Name: u.Name, Enabled: u.Enabled, Mask: u.Mask})
		}
	}
}

// accounts are without passwords. Keys are files.
func (w *recorder) accounts() {
	for _, g := range w.from.Passwd.Groups {
		g.PasswordHash = nil
		w.to.Passwd.Groups = append(w.to.Passwd.Groups, g)
	}
	for _, u := range w.from.Passwd.Users {
		if len(u.SSHAuthorizedKeys) > 0 {
			w.written("ssh-keys:" + u.Name)
		}
		u.PasswordHash, u.SSHAuthorizedKeys = nil, nil
		w.to.Passwd.Users = append(w.to.Passwd.Users, u)
	}
}

// disks are as the config has them, with the UUIDs and GUIDs that are there.
func (w *recorder) disks() {
	s := &w.from.Storage
	for _, d := range s.Disks {
		d.Partitions = w.partitions(&d)
		w.to.Storage.Disks = append(w.to.Storage.Disks, d)
	}
	w.to.Storage.Raid = slices.Clone(s.Raid)
	for _, v := range s.Luks {
		is := config.Luks{Name: v.Name, Device: v.Device, Label: v.Label, UUID: v.UUID, Discard: v.Discard}
		if seen, err := w.devices.Look(config.Says(v.Device)); err == nil && seen.LUKS != nil {
			is.UUID = &seen.LUKS.UUID
		}
		w.to.Storage.Luks = append(w.to.Storage.Luks, is)
	}
	for i := range s.Filesystems {
		w.to.Storage.Filesystems = append(w.to.Storage.Filesystems, w.filesystem(&s.Filesystems[i]))
	}
}

func (w *recorder) partitions(d *config.Disk) (all []config.Partition) {
	table := tableOf(d.Device, w.devices)
	taken := numbersOf(d, table)
	for _, p := range d.Partitions {
		if p.Number == 0 {
			for _, there := range partitionsOf(table) {
				if guid := config.Says(p.GUID); guid != "" && strings.EqualFold(guid, there.GUID.String()) {
					p.Number = there.Number
				}
			}
		}
		if p.Number == 0 {
			p.Number = numberOf(&p, table, taken)
		}
		if table == nil || p.Number == 0 {
			continue
		}
		if there, is := table.Partition(p.Number); is {
			kind, guid, label := there.Type.String(), there.GUID.String(), there.Label
			p.TypeGUID, p.GUID, p.Label = &kind, &guid, &label
		}
		all = append(all, p)
	}
	return all
}

// filesystem is one with the label and the UUID that are there.
func (w *recorder) filesystem(f *config.Filesystem) config.Filesystem {
	is := config.Filesystem{Device: f.Device, Format: f.Format, Label: f.Label, UUID: f.UUID, Path: f.Path}
	seen, err := w.devices.Look(f.Device)
	if err != nil || slices.Contains([]string{"", "none", "virtiofs"}, config.Says(f.Format)) {
		return is
	}
	first := seen.Content.First()
	if first.Type == "" {
		return is
	}
	if is.Label = nil; first.Type != config.Says(f.Format) { // which options have made
		is.Options = f.Options
	}
	if first.Label != "" || f.Label != nil {
		is.Label = &first.Label
	}
	if block.TakesUUID(config.Says(f.Format), first.UUID) {
		is.UUID = &first.UUID
	}
	return is
}
