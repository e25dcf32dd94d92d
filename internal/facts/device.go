package facts

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/scene"
)

// A Device is a scene.Seen.
type Device struct {
	Node       Text   `json:"node"`
	Name       Text   `json:"name,omitzero"`
	Bytes      int64  `json:"bytes"`
	SectorSize int    `json:"sectorSize"`
	ReadOnly   bool   `json:"readOnly,omitempty"`
	Partition  bool   `json:"partition,omitempty"`
	Mapper     Text   `json:"mapper,omitzero"`
	Unknown    string `json:"unknown,omitempty"`
	Filling
	Partitions []KernelPartition `json:"partitions,omitempty"`
	Busy       map[int][]User    `json:"busy,omitempty"`
	Users      []User            `json:"users,omitempty"`
}

// A Filling is what the bytes of a device say.
type Filling struct {
	Table      *Table      `json:"table,omitempty"`
	Signatures []Signature `json:"signatures,omitempty"`
	Ambivalent bool        `json:"ambivalent,omitempty"`
	Unfinished bool        `json:"unfinished,omitempty"`
	Extent     int64       `json:"extent,omitempty"`
	Member     *Member     `json:"member,omitempty"`
	LUKS       *LUKS       `json:"luks,omitempty"`
}

// A Table is what was found of a partition table: of a GPT the bytes.
type Table struct {
	Kind  string `json:"kind"`
	Why   string `json:"why,omitempty"`
	Lists bool   `json:"lists,omitempty"`
	GPT   *GPT   `json:"gpt,omitempty"`
}

// A GPT is the bytes of one, without the zeros at the ends of its sectors.
type GPT struct {
	SectorSize int      `json:"sectorSize"`
	Sectors    uint64   `json:"sectors"`
	Damage     []string `json:"damage,omitempty"`
	MBR        []byte   `json:"mbr,omitempty"`
	MBRStale   bool     `json:"mbrStale,omitempty"`
	Primary    []byte   `json:"primary,omitempty"`
	Backup     []byte   `json:"backup,omitempty"`
	Entries    []byte   `json:"entries,omitempty"`
	// Slots is how many entries there are.
	Slots      int  `json:"slots"`
	FromBackup bool `json:"fromBackup,omitempty"`
}

// A Signature is what a filesystem or another content is recognised by.
type Signature struct {
	Type  string `json:"type"`
	UUID  Text   `json:"uuid,omitzero"`
	Label Text   `json:"label,omitzero"`
}

// A Member is a superblock of an array.
type Member struct {
	Metadata   string `json:"metadata"`
	UUID       string `json:"uuid,omitempty"`
	Name       Text   `json:"name,omitzero"`
	Level      int    `json:"level"`
	Disks      int    `json:"disks"`
	Role       int    `json:"role"`
	Events     uint64 `json:"events"`
	DataOffset int64  `json:"dataOffset"`
	Sound      bool   `json:"sound,omitempty"`
	Filled     bool   `json:"filled,omitempty"`
}

// A LUKS is a header of an encrypted volume, without its keys.
type LUKS struct {
	Version   int    `json:"version"`
	UUID      Text   `json:"uuid,omitzero"`
	Label     Text   `json:"label,omitzero"`
	Subsystem Text   `json:"subsystem,omitzero"`
	Flags     []Text `json:"flags,omitempty"`
	Tokens    []Text `json:"tokens,omitempty"`
	Keyslots  int    `json:"keyslots,omitempty"`
	Broken    bool   `json:"broken,omitempty"`
}

// A KernelPartition is one as the kernel has it, in units of 512 bytes.
type KernelPartition struct {
	Name   Text   `json:"name,omitzero"`
	Number int    `json:"number"`
	Start  uint64 `json:"start"`
	Size   uint64 `json:"size"`
}

// A User is what uses a device.
type User struct {
	Use    string `json:"use"`
	Name   Text   `json:"name,omitzero"`
	Volume Text   `json:"volume,omitzero"`
	Runs   bool   `json:"runs,omitempty"`
	Under  []Text `json:"under,omitempty"`
	Users  []User `json:"users,omitempty"`
}

// A Span is a run of bytes.
type Span struct {
	Offset int64 `json:"offset"`
	Size   int64 `json:"size"`
}

// tableKinds are the words for them; no table has none.
var tableKinds = map[block.Kind]string{block.KindNone: "", block.KindGPT: "gpt", block.KindMBR: "mbr",
	block.KindBootSector: "boot-sector", block.KindProtective: "protective-mbr", block.KindBroken: "broken-gpt"}

func deviceOf(s *scene.Seen) *Device {
	if s == nil {
		return nil
	}
	d := &Device{Node: TextOf(s.Node), Name: TextOf(s.Name), Bytes: s.Size, SectorSize: s.SectorSize,
		ReadOnly: s.ReadOnly, Partition: s.Partition, Mapper: TextOf(s.Mapper), Unknown: s.Unknown,
		Filling: fillingOf(&s.Filling), Users: usersOf(s.Users)}
	for _, p := range s.Partitions {
		d.Partitions = append(d.Partitions, KernelPartition{TextOf(p.Name), p.Number, p.Start, p.Size})
	}
	for number, users := range s.Busy {
		if d.Busy == nil {
			d.Busy = map[int][]User{}
		}
		d.Busy[number] = usersOf(users)
	}
	return d
}

func (d *Device) seen(path string) *scene.Seen {
	s := &scene.Seen{Path: path, Node: d.Node.text, Name: d.Name.text, Size: d.Bytes, SectorSize: d.SectorSize,
		ReadOnly: d.ReadOnly, Partition: d.Partition, Mapper: d.Mapper.text, Unknown: d.Unknown,
		Filling: d.Filling.filling(), Busy: map[int][]scene.User{}, Users: told(d.Users)}
	for _, p := range d.Partitions {
		s.Partitions = append(s.Partitions, block.KernelPartition{Name: p.Name.text, Number: p.Number, Start: p.Start,
			Size: p.Size})
	}
	for number, users := range d.Busy {
		s.Busy[number] = told(users)
	}
	return s
}

func fillingOf(f *scene.Filling) Filling {
	out := Filling{Ambivalent: f.Content.Ambivalent, Unfinished: f.Content.Unfinished, Extent: f.Extent,
		Table: tableOf(&f.Found)}
	for _, s := range f.Content.Signatures {
		out.Signatures = append(out.Signatures, Signature{s.Type, TextOf(s.UUID), TextOf(s.Label)})
	}
	if m := f.Member; m != nil {
		out.Member = &Member{m.Metadata, m.UUID, TextOf(m.Name), m.Level, m.Disks, m.Role, m.Events, m.DataOffset,
			m.Sound, m.Filled}
	}
	if l := f.LUKS; l != nil {
		out.LUKS = &LUKS{l.Version, TextOf(l.UUID), TextOf(l.Label), TextOf(l.Subsystem), textsOf(l.Flags),
			textsOf(l.Tokens), l.Keyslots, l.Broken}
	}
	return out
}

func (f *Filling) filling() scene.Filling {
	out := scene.Filling{Found: f.Table.found(), Extent: f.Extent,
		Content: block.Content{Ambivalent: f.Ambivalent, Unfinished: f.Unfinished}}
	for _, s := range f.Signatures {
		out.Content.Signatures = append(out.Content.Signatures, block.Signature{Type: s.Type, UUID: s.UUID.text,
			Label: s.Label.text})
	}
	if m := f.Member; m != nil {
		out.Member = &scene.Member{Filled: m.Filled, Member: block.Member{Metadata: m.Metadata, UUID: m.UUID,
			Name: m.Name.text, Level: m.Level, Disks: m.Disks, Role: m.Role, Events: m.Events,
			DataOffset: m.DataOffset, Sound: m.Sound}}
	}
	if l := f.LUKS; l != nil {
		out.LUKS = &block.LUKS{Version: l.Version, UUID: l.UUID.text, Label: l.Label.text, Subsystem: l.Subsystem.text,
			Flags: stringsOf(l.Flags), Tokens: stringsOf(l.Tokens), Keyslots: l.Keyslots, Broken: l.Broken}
	}
	return out
}

func tableOf(f *block.Found) *Table {
	if f.Kind == block.KindNone {
		return nil
	}
	t := &Table{Kind: tableKinds[f.Kind], Why: f.Why, Lists: f.MBRLists}
	if g := f.Table; g != nil {
		t.GPT = &GPT{g.SectorSize, g.Sectors, g.Damage, trim(g.MBR), g.MBRStale, trim(g.Primary), trim(g.Backup),
			trim(g.Entries), g.Slots(), g.FromBackup}
	}
	return t
}

func (t *Table) found() (f block.Found) {
	if t == nil {
		return f
	}
	f.Kind, _ = keyOf(tableKinds, t.Kind)
	f.Why, f.MBRLists = t.Why, t.Lists
	if t.GPT != nil {
		f.Table = t.GPT.table()
	}
	return f
}

func (g *GPT) table() *block.Table {
	t := &block.Table{SectorSize: g.SectorSize, Sectors: g.Sectors, Damage: g.Damage, MBR: fill(g.MBR, g.SectorSize),
		MBRStale: g.MBRStale, Entries: fill(g.Entries, g.Slots*block.EntryBytes), FromBackup: g.FromBackup}
	if len(g.Primary) > 0 {
		t.Primary = fill(g.Primary, g.SectorSize)
	}
	if len(g.Backup) > 0 {
		t.Backup = fill(g.Backup, g.SectorSize)
	}
	return t
}

// trim takes zeros from the end.
func trim(from []byte) []byte { return bytes.TrimRight(from, "\x00") }

// fill puts them there again.
func fill(from []byte, size int) []byte {
	return append(bytes.Clone(from), make([]byte, max(0, size-len(from)))...)
}

func usersOf(all []scene.User) (out []User) {
	for _, u := range all {
		out = append(out, User{string(u.Use), TextOf(u.Name), TextOf(u.Volume), u.Runs, textsOf(u.Under),
			usersOf(u.Users)})
	}
	return out
}

func told(all []User) (out []scene.User) {
	for _, u := range all {
		out = append(out, scene.User{Use: scene.Use(u.Use), Name: u.Name.text, Volume: u.Volume.text, Runs: u.Runs,
			Under: stringsOf(u.Under), Users: told(u.Users)})
	}
	return out
}

func spansOf(all []block.Span) (out []Span) {
	for _, s := range all {
		out = append(out, Span(s))
	}
	return out
}

var errEither = errors.New("either there is something, or an error")

// check refuses what no device can be, on which planners would rely.
func (d *Devices) check() error {
	if d == nil {
		return nil
	}
	for name, look := range d.Looks {
		if (look.Device == nil) == (look.Error == nil) {
			return fmt.Errorf("device %q: %w", name.text, errEither)
		}
		if err := look.Device.check(); err != nil {
			return fmt.Errorf("device %q: %w", name.text, err)
		}
	}
	for name, find := range d.Finds {
		if (find.Is == nil) == (find.Error == nil) {
			return fmt.Errorf("name %q: %w", name.text, errEither)
		}
	}
	for i, in := range d.Insides {
		err := in.Filling.check()
		if (in.Filling == nil) == (in.Error == nil) {
			err = errEither
		}
		if err != nil {
			return fmt.Errorf("insides.%d: %w", i, err)
		}
	}
	return nil
}

func (d *Device) check() error {
	switch {
	case d == nil:
		return nil
	case d.Bytes < 0:
		return fmt.Errorf("%d bytes", d.Bytes)
	case d.Unknown == "" && (d.SectorSize < 512 || d.SectorSize > 65536 || d.SectorSize&(d.SectorSize-1) != 0):
		return fmt.Errorf("sectors of %d bytes", d.SectorSize)
	}
	return d.Filling.check()
}

func (f *Filling) check() error {
	if f == nil || f.Table == nil {
		return nil
	}
	switch kind, known := keyOf(tableKinds, f.Table.Kind); {
	case !known:
		return fmt.Errorf("a table of the kind %q, which is not known", f.Table.Kind)
	case (kind == block.KindGPT) != (f.Table.GPT != nil):
		return fmt.Errorf("a table of the kind %q, with a GPT or without", f.Table.Kind)
	case kind != block.KindGPT:
		return nil
	case f.Table.GPT.Slots < 1 || f.Table.GPT.Slots > block.MostEntries:
		return fmt.Errorf("a GPT of %d entries", f.Table.GPT.Slots)
	case f.Table.GPT.SectorSize < 512 || f.Table.GPT.SectorSize > 65536:
		return fmt.Errorf("a GPT in sectors of %d bytes", f.Table.GPT.SectorSize)
	}
	if err := f.Table.GPT.table().Sound(); err != nil {
		return fmt.Errorf("GPT: %w", err)
	}
	return nil
}
