package facts

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// Version is that of the JSON, of which schema.json is the JSON Schema. It counts up when a key goes, changes its
// meaning, or is needed to plan; other keys may be added at any time.
const Version = 1

// A Document is all that was looked at.
type Document struct {
	Version       int            `json:"version"`
	For           *For           `json:"for,omitempty"`
	Circumstances *Circumstances `json:"circumstances"`
	CommandLine   *CommandLine   `json:"commandLine,omitempty"`
	Devices       *Devices       `json:"devices,omitempty"`
	Root          *Root          `json:"root,omitempty"`
}

// A For tells for which config facts were taken, to who has the config: comparisons with it hold for no other.
type For struct {
	Salt   string `json:"salt"`
	Digest string `json:"digest"`
}

// Devices are looks at devices.
type Devices struct {
	Looks   map[Text]Look   `json:"looks,omitempty"`
	Finds   map[Text]Find   `json:"finds,omitempty"`
	Insides []Inside        `json:"insides,omitempty"`
	Links   map[Text][]Text `json:"links,omitempty"`
	// Linked tells that links were asked for.
	Linked bool `json:"linked,omitempty"`
}

// A Look is what a name leads to, or why nothing.
type Look struct {
	Device *Device `json:"device,omitempty"`
	Error  *Fault  `json:"error,omitempty"`
}

// A Find is where a name leads.
type Find struct {
	Node  Text   `json:"node,omitzero"`
	Is    *User  `json:"is,omitempty"`
	Error *Fault `json:"error,omitempty"`
}

// An Inside is what is in a part of a device.
type Inside struct {
	Node       Text     `json:"node"`
	SectorSize int      `json:"sectorSize"`
	At         Span     `json:"at"`
	Zeros      []Span   `json:"zeros,omitempty"`
	Filling    *Filling `json:"filling,omitempty"`
	Error      *Fault   `json:"error,omitempty"`
}

// Root are looks at a root.
type Root struct {
	Paths      map[Text]Path       `json:"paths,omitempty"`
	Reads      map[Text]Read       `json:"reads,omitempty"`
	Opens      map[Text]Open       `json:"opens,omitempty"`
	Names      map[Text]Names      `json:"names,omitempty"`
	Trees      map[Text]Tree       `json:"trees,omitempty"`
	Protection map[Text]Protection `json:"protection,omitempty"`
	Mounts     *Names              `json:"mounts,omitempty"`
}

// A Path is what lstat(2) says.
type Path struct {
	Kind     string `json:"kind,omitempty"`
	Mode     uint32 `json:"mode,omitempty"`
	UID      uint32 `json:"uid,omitempty"`
	GID      uint32 `json:"gid,omitempty"`
	Size     int64  `json:"size,omitempty"`
	Device   uint64 `json:"device,omitempty"`
	Inode    uint64 `json:"inode,omitempty"`
	Links    uint64 `json:"links,omitempty"`
	Target   Text   `json:"target,omitzero"`
	Modeless bool   `json:"modeless,omitempty"`
	Error    *Fault `json:"error,omitempty"`
}

// A Read is a text: of a file that everybody may read, or what of another is noted.
type Read struct {
	Text *Text `json:"text,omitempty"`
	// Of is the file that the text is an extract of.
	Of string `json:"of,omitempty"`
	// Secret: there is one, and nothing of it is noted.
	Secret bool   `json:"secret,omitempty"`
	Error  *Fault `json:"error,omitempty"`
}

// An Open is a file that was opened to be compared.
type Open struct {
	Text *Text `json:"text,omitempty"`
	// Part: the text is an extract, which compares with nothing.
	Part    bool     `json:"part,omitempty"`
	Answers []Answer `json:"answers,omitempty"`
	Error   *Fault   `json:"error,omitempty"`
}

// An Answer is how a file compares, from a byte on, with what an entry of the config makes, or with another file.
type Answer struct {
	Of    Text   `json:"of"`
	From  int64  `json:"from,omitempty"`
	Is    string `json:"is,omitempty"`
	Error *Fault `json:"error,omitempty"`
}

// likenesses are the words for them.
var likenesses = map[target.Likeness]string{target.Undecided: "undecided", target.Equal: "equal",
	target.FileShorter: "file-shorter", target.ContentShorter: "content-shorter", target.Unequal: "unequal"}

// Names are those in a directory, or of mounts.
type Names struct {
	Names []Text `json:"names,omitempty"`
	Error *Fault `json:"error,omitempty"`
}

// A Tree is what is at a path, and below it, in the order in which it was visited.
type Tree struct {
	Nodes []Node `json:"nodes,omitempty"`
	// Cut: there is more, or may be, at which nobody has looked.
	Cut   bool   `json:"cut,omitempty"`
	Error *Fault `json:"error,omitempty"`
}

// A Node is one of a tree.
type Node struct {
	Path
	Name       Text        `json:"name"`
	Depth      int         `json:"depth,omitempty"`
	Type       uint32      `json:"type,omitempty"`
	Of         uint64      `json:"of,omitempty"`
	Entries    int         `json:"entries,omitempty"`
	Protection *Protection `json:"protection,omitempty"`
}

// A Protection is what keeps a path from being changed.
type Protection struct {
	ReadOnly   bool   `json:"readOnly,omitempty"`
	Immutable  bool   `json:"immutable,omitempty"`
	AppendOnly bool   `json:"appendOnly,omitempty"`
	Denied     bool   `json:"denied,omitempty"`
	Error      *Fault `json:"error,omitempty"`
}

func protectionOf(p root.Protection, err error) Protection {
	return Protection{p.ReadOnly, p.Immutable, p.AppendOnly, p.Denied, faultOf(err)}
}

func (p Protection) told() (root.Protection, error) {
	return root.Protection{ReadOnly: p.ReadOnly, Immutable: p.Immutable, AppendOnly: p.AppendOnly, Denied: p.Denied},
		p.Error.err()
}

// pathKinds are the words for them; nothing has none.
var pathKinds = map[root.Kind]string{root.Absent: "", root.File: "file", root.Directory: "directory",
	root.Symlink: "link", root.Other: "other"}

func pathOf(f root.Facts, err error) Path {
	return Path{pathKinds[f.Kind], f.Mode, f.UID, f.GID, f.Size, f.Dev, f.Ino, f.Links, TextOf(f.Target), f.Modeless,
		faultOf(err)}
}

func (p *Path) told() (root.Facts, error) {
	kind, _ := keyOf(pathKinds, p.Kind)
	return root.Facts{Kind: kind, Mode: p.Mode, UID: p.UID, GID: p.GID, Size: p.Size, Dev: p.Device, Ino: p.Inode,
		Links: p.Links, Target: p.Target.text, Modeless: p.Modeless}, p.Error.err()
}

// keyOf finds what a word is for.
func keyOf[K comparable](words map[K]string, word string) (key K, known bool) {
	for k, w := range words {
		if w == word {
			return k, true
		}
	}
	return key, false
}

// Write writes the JSON.
func (d *Document) Write(w io.Writer) error { return diag.EncodeJSONLine(w, d) }

// Parse reads a document. What is not of this version, or says what no machine can, is refused.
func Parse(text []byte) (*Document, error) {
	twice := make(chan error, 1)
	go func() { twice <- distinct(text) }()
	d := &Document{}
	err := json.Unmarshal(text, d)
	if err != nil || d.Version != Version {
		// of another version anything may be another thing
		var head struct{ Version int }
		if json.Unmarshal(text, &head) == nil && head.Version != Version {
			err = fmt.Errorf("version %d, and this program reads version %d", head.Version, Version)
		}
		return nil, fmt.Errorf("facts: %w", diag.PlacedJSON(text, err))
	}
	if d.Circumstances == nil {
		return nil, errors.New("facts: the circumstances are missing")
	}
	err = cmp.Or(<-twice, d.Circumstances.check(), d.Devices.check(), d.Root.check())
	if err == nil && d.Root == nil && d.Circumstances.Rootless == "" {
		err = errors.New("the root is missing, and the circumstances do not say why")
	}
	if err != nil {
		return nil, fmt.Errorf("facts: %w", err)
	}
	return d, nil
}
