package config

import (
	"slices"
	"strings"
	"sync"
)

// A Field is what the language says of one field beyond what its type in the model says.
type Field struct {
	// Path is the path in JSON without "$.", with * for the index of an item: storage.disks.*.device. A path that
	// begins with "*." is the end of the paths of several fields, and the row is for all of them.
	Path string
	// List says what becomes of a list when documents merge.
	List List
	// Part is the part of the text that Values lists: the whole text, or its beginning.
	Part Part
	// Values are the values that the field takes; empty where it takes any.
	Values []Value
	// Any are the versions in which the field takes other values too; AnyLine says so in a sentence for people.
	Any     Range
	AnyLine string
	// Required are the versions whose rules refuse an object without the field. Elsewhere: another part of a Butane
	// document may give the field, as trees give the target of a link.
	Required  Range
	Elsewhere bool
	// Written are the versions whose JSON always has the field: where a document leaves it out, it is written with the
	// value As.
	Written Range
	As      string
	// Nullable are the versions in which the object of the field can be absent, so that an empty object is not the same
	// as none.
	Nullable Range
	// MaxBytes is the greatest length of the text in bytes, 0 for any length. Where the length depends on the value of
	// another field, the row of that value has it.
	MaxBytes int
}

// A Value is a value that a field takes.
type Value struct {
	Name string
	// Since is the version that brought the value, if the value is newer than the field; Line then says what came, in a
	// sentence for people.
	Since Version
	Line  string
	// Means is the value of which this one is another spelling; "" for none.
	Means string
	// LabelMax is how many bytes a label may have on a filesystem of this format. DeviceMax is how many bytes the
	// device may have where this format names it without a path, as virtiofs does. 0 is any number.
	LabelMax, DeviceMax int
	// Fewest is how many devices beside spares mdadm makes an array of this RAID level of.
	Fewest int
	// NoSpares: an array of this RAID level has no redundancy, and so no use for spares.
	NoSpares bool
	// Headers: requests for sources of this scheme carry the headers of the config.
	Headers bool
}

// A Part is the part of a text that a list of values is about.
type Part int

// The parts that lists of values are about.
const (
	Whole  Part = iota
	Scheme      // of a URL
	Kind        // of a digest, up to the dash
)

// A List says how two lists at the same place become one, and what makes two items the same.
type List struct {
	Mode Mode
	// Key is the name of the member that identifies an item; "" where the item is a string, which identifies itself. A
	// partition is identified by its number, and one without a number by its label.
	Key string
	// Space is the same word for all lists of an object whose items exclude each other: no path may be in two of files,
	// directories and links. "" where a list is by itself.
	Space string
	// Nameless: an item may be written without its key.
	Nameless bool
}

// A Mode is how lists merge.
type Mode uint8

// The ways in which lists merge. The zero Mode is that of a field which is no list.
const (
	Keyed     Mode = iota + 1 // items with equal keys merge in place, the child's others follow
	Union                     // strings: the parent's, then the child's that are new
	Appending                 // the parent's items, then the child's
	Headers                   // keyed, and a child's item without a value deletes the parent's
)

// A Range is some versions in a row. The zero Range has none.
type Range struct{ From, Before Version }

// Has reports whether the version is one of the range.
func (r Range) Has(v Version) bool { return r.From <= v && v < r.Before }

func always() Range          { return Range{V3_0, Newest + 1} }
func from(v Version) Range   { return Range{v, Newest + 1} }
func before(v Version) Range { return Range{V3_0, v} }
func only(v Version) Range   { return Range{v, v + 1} }

// Fields is the table of the language: every field of which the model's type does not say all. The lists are those of
// docs/peer/spec.md §5; what versions could not leave out is in docs/peer/butane.md §17.
func Fields() []Field {
	return slices.Concat(generalFields(), storageFields(), volumeFields())
}

func generalFields() []Field {
	argument := List{Mode: Union, Space: "kernel argument"}
	return []Field{
		{Path: "ignition", Required: always(), Elsewhere: true},
		{Path: "ignition.version", Required: always()},
		{Path: "ignition.config.merge", List: List{Mode: Keyed, Key: "source"}},
		{Path: "ignition.config.merge.*.source", Required: from(V3_1), Elsewhere: true, Written: only(V3_0),
			As: "null"},
		{Path: "ignition.config.replace.source", Written: only(V3_0), As: "null"},
		{Path: "ignition.security.tls.certificateAuthorities", List: List{Mode: Keyed, Key: "source"}},
		{Path: "ignition.security.tls.certificateAuthorities.*.source", Required: always(), Elsewhere: true,
			Written: only(V3_0), As: `""`},
		{Path: "ignition.proxy.httpProxy", Part: Scheme, Values: webSchemes()},
		{Path: "ignition.proxy.httpsProxy", Part: Scheme, Values: webSchemes()},
		{Path: "ignition.proxy.noProxy", List: List{Mode: Union}},

		// What every resource has.
		{Path: "*.source", Part: Scheme, Values: append(webSchemes(), []Value{
			{Name: "tftp"},
			{Name: "s3"},
			{Name: "gs", Since: V3_2, Line: "sources in Google Cloud Storage"},
			{Name: "arn", Since: V3_4, Line: "sources named by an ARN"},
			{Name: "data"},
		}...)},
		{Path: "*.compression", Values: []Value{{Name: ""}, {Name: "gzip"}}},
		{Path: "*.hash", Part: Kind,
			Values: []Value{{Name: "sha512"}, {Name: "sha256", Since: V3_1, Line: "sha256 digests"}}},
		{Path: "*.httpHeaders", List: List{Mode: Headers, Key: "name"}},

		{Path: "kernelArguments.shouldExist", List: argument},
		{Path: "kernelArguments.shouldNotExist", List: argument},

		{Path: "passwd.groups", List: named()},
		{Path: "passwd.users", List: named()},
		{Path: "passwd.users.*.groups", List: List{Mode: Union}},
		{Path: "passwd.users.*.sshAuthorizedKeys", List: List{Mode: Union}},

		{Path: "systemd.units", List: named()},
		{Path: "systemd.units.*.dropins", List: named()},
	}
}

func storageFields() []Field {
	node := List{Mode: Keyed, Key: "path", Space: "node"}
	return []Field{
		{Path: "storage.directories", List: node},
		{Path: "storage.files", List: node},
		{Path: "storage.files.*.append", List: List{Mode: Appending}},
		{Path: "storage.links", List: node},
		{Path: "storage.links.*.target", Required: from(V3_3), Elsewhere: true, Written: before(V3_3), As: `""`},

		{Path: "storage.disks", List: List{Mode: Keyed, Key: "device"}},
		{Path: "storage.disks.*.partitions", List: List{Mode: Keyed, Key: "number"}},
		{Path: "storage.disks.*.partitions.*.label", MaxBytes: 36}, // 36 units of UTF-16; the peer counts bytes

		{Path: "storage.raid", List: named()},
		{Path: "storage.raid.*.devices", List: List{Mode: Union}, Required: always(), Elsewhere: true,
			Written: before(V3_3), As: "[]"},
		{Path: "storage.raid.*.level", Required: always(), Elsewhere: true, Written: before(V3_3), As: `""`,
			Values: []Value{
				{Name: "linear", NoSpares: true},
				{Name: "raid0", NoSpares: true},
				{Name: "raid1"}, {Name: "raid4", Fewest: 2}, {Name: "raid5", Fewest: 2}, {Name: "raid6", Fewest: 4},
				{Name: "raid10", Fewest: 2},
				{Name: "stripe", Means: "raid0", NoSpares: true},
				{Name: "mirror", Means: "raid1"},
				{Name: "0", Means: "raid0", NoSpares: true},
				{Name: "1", Means: "raid1"}, {Name: "4", Means: "raid4", Fewest: 2},
				{Name: "5", Means: "raid5", Fewest: 2}, {Name: "6", Means: "raid6", Fewest: 4},
				{Name: "10", Means: "raid10", Fewest: 2},
			}},
		{Path: "storage.raid.*.options", List: List{Mode: Appending}},

		{Path: "storage.filesystems", List: List{Mode: Keyed, Key: "device"}},
		{Path: "storage.filesystems.*.format", Values: []Value{
			{Name: "ext4", LabelMax: 16},
			{Name: "btrfs", LabelMax: 256},
			{Name: "xfs", LabelMax: 12},
			{Name: "vfat", LabelMax: 11},
			{Name: "swap", LabelMax: 15},
			{Name: "none", Since: V3_3, Line: "format none"},
			{Name: "virtiofs", Since: V3_7, Line: "format virtiofs", DeviceMax: 36},
		}},
		{Path: "storage.filesystems.*.mountOptions", List: List{Mode: Appending}},
		{Path: "storage.filesystems.*.options", List: List{Mode: Appending}},
	}
}

func volumeFields() []Field {
	return []Field{
		{Path: "storage.luks", List: named()},
		{Path: "storage.luks.*.device", Required: always(), Elsewhere: true},
		// cryptsetup-luksFormat(8): the header has 48 bytes, one of them the end
		{Path: "storage.luks.*.label", MaxBytes: 47},
		{Path: "storage.luks.*.openOptions", List: List{Mode: Union}},
		{Path: "storage.luks.*.options", List: List{Mode: Appending}},
		{Path: "storage.luks.*.clevis", Nullable: only(V3_2)},
		{Path: "storage.luks.*.clevis.custom", Nullable: only(V3_2)},
		{Path: "storage.luks.*.clevis.custom.config", Written: only(V3_2), As: `""`},
		{Path: "storage.luks.*.clevis.custom.pin", Written: only(V3_2), As: `""`, Values: []Value{{Name: "tpm2"},
			{Name: "tang"}, {Name: "sss"}}, Any: from(V3_6), AnyLine: "any custom Clevis pin"},
		{Path: "storage.luks.*.clevis.tang", List: List{Mode: Keyed, Key: "url", Nameless: true}},
		{Path: "storage.luks.*.clevis.tang.*.thumbprint", Required: always(), Elsewhere: true},
		{Path: "storage.luks.*.clevis.tang.*.url", Part: Scheme, Values: webSchemes()},
	}
}

func named() List { return List{Mode: Keyed, Key: "name"} }

// webSchemes are http and https, which take headers.
func webSchemes() []Value {
	return []Value{{Name: "http", Headers: true}, {Name: "https", Headers: true}}
}

var byPath = sync.OnceValue(func() map[string]Field {
	fields := map[string]Field{}
	for _, f := range Fields() {
		fields[f.Path] = f
	}
	return fields
})

// FieldAt says what the table does of the field at a path with * for any index: in its own row, and in that of how its
// path ends. Where there is none, nothing but the path is set.
func FieldAt(path string) Field {
	f := byPath()[path]
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		general := byPath()["*"+path[i:]]
		if f.Values == nil {
			f.Part, f.Values = general.Part, general.Values
		}
		if f.List.Mode == 0 {
			f.List = general.List
		}
	}
	f.Path = path
	return f
}

// In lists the values that a version takes, nil where it takes any.
func (f Field) In(v Version) []Value {
	if f.Any.Has(v) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(f.Values), func(value Value) bool { return value.Since > v })
}

// Find gives the row of a value, whichever version brought it.
func (f Field) Find(name string) (Value, bool) {
	i := slices.IndexFunc(f.Values, func(value Value) bool { return value.Name == name })
	if i < 0 {
		return Value{}, false
	}
	return f.Values[i], true
}

// Takes reports whether a version takes a value.
func (f Field) Takes(name string, v Version) bool {
	value, listed := f.Find(name)
	return listed && value.Since <= v || f.Any.Has(v) || f.Values == nil
}

// Names lists the names of values: one name of each. A value that is another spelling of a listed one, as stripe is of
// raid0, is left out, and so is the empty text.
func Names(values []Value) []string {
	var names []string
	for _, value := range values {
		if value.Name != "" && value.Means == "" {
			names = append(names, value.Name)
		}
	}
	return names
}

// newFields are the fields that came after 3.0.0; a row covers everything below its path. Values have theirs in Fields.
func newFields() []Change {
	return []Change{
		{Since: V3_1, Path: "ignition.config.merge.*.compression", Line: "compressed configs to merge"},
		{Since: V3_1, Path: "ignition.config.merge.*.httpHeaders", Line: "headers for configs to merge"},
		{Since: V3_1, Path: "ignition.config.replace.compression", Line: "a compressed config as replacement"},
		{Since: V3_1, Path: "ignition.config.replace.httpHeaders", Line: "headers for the replacing config"},
		{Since: V3_1, Path: "ignition.security.tls.certificateAuthorities.*.compression",
			Line: "compressed certificate bundles"},
		{Since: V3_1, Path: "ignition.security.tls.certificateAuthorities.*.httpHeaders",
			Line: "headers for certificate bundles"},
		{Since: V3_1, Path: "ignition.proxy", Line: "proxies"},
		{Since: V3_1, Path: "storage.files.*.contents.httpHeaders", Line: "headers for files"},
		{Since: V3_1, Path: "storage.files.*.append.*.httpHeaders", Line: "headers for fragments of files"},
		{Since: V3_1, Path: "storage.filesystems.*.mountOptions", Line: "options for mounting while provisioning"},
		{Since: V3_2, Path: "passwd.groups.*.shouldExist", Line: "deleting groups"},
		{Since: V3_2, Path: "passwd.users.*.shouldExist", Line: "deleting users"},
		{Since: V3_2, Path: "storage.disks.*.partitions.*.resize", Line: "resizing partitions"},
		{Since: V3_2, Path: "storage.luks", Line: "encrypted volumes"},
		{Since: V3_3, Path: "kernelArguments", Line: "kernel arguments"},
		{Since: V3_4, Path: "storage.luks.*.discard", Line: "discards on encrypted volumes"},
		{Since: V3_4, Path: "storage.luks.*.openOptions", Line: "options for opening encrypted volumes"},
		{Since: V3_4, Path: "storage.luks.*.clevis.tang.*.advertisement",
			Line: "binding to a Tang server without network"},
		{Since: V3_5, Path: "storage.luks.*.cex", Line: "encryption with Crypto Express"},
	}
}

// A Meaning is something that is written the same in all versions, and that they read differently.
type Meaning int

// The meanings.
const (
	// SpecialBits: the set-id and sticky bits of a mode have an effect.
	SpecialBits Meaning = iota
	// CheckedReferences: sources of configs, certificate bundles and keys are held against all rules for sources.
	CheckedReferences
	// NetworkPin: a custom pin of which nothing but needsNetwork is given counts as given.
	NetworkPin
	// LostAdvertisements: Ignition loses the advertisements of Tang servers on the way to a newer version.
	LostAdvertisements
)

// versions are those in which the meaning holds.
func (m Meaning) versions() Range {
	return [...]Range{
		SpecialBits:        from(V3_6),
		CheckedReferences:  from(V3_1),
		NetworkPin:         from(V3_3),
		LostAdvertisements: only(V3_4),
	}[m]
}

// Since is the first version in which the meaning holds.
func (m Meaning) Since() Version { return m.versions().From }

// Reads reports whether the meaning holds in the version.
func (v Version) Reads(m Meaning) bool { return m.versions().Has(v) }
