package leave

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tool"
)

// Paths of docs/peer/engine.md §2.4, §11.7.
const crypttabPath = "/etc/crypttab"

const crypttabLimit = 16 << 20

var errUUID = errors.New("cryptsetup printed no UUID")

// A volumeLine is what crypttab says of a volume.
type volumeLine struct {
	name, device string
	uuid         string // known when the step runs
	key          string // a path, or "none"
	network      bool
}

// options of crypttab(5): the initramfs opens the volume, once the network is up if that takes it.
func (v volumeLine) options() string {
	if v.network {
		return "luks,_netdev,x-initrd.attach"
	}
	return "luks,x-initrd.attach"
}

// String gives the line without its end.
func (v volumeLine) String() string {
	return fmt.Sprintf("%s UUID=%s %s %s", v.name, v.uuid, v.key, v.options())
}

// isOurs tells whether a line is this one, be it with another UUID: that of a volume that was formatted anew since.
func (v volumeLine) isOurs(line string) bool {
	f := strings.Fields(line)
	return len(f) == 4 && f[0] == v.name && strings.HasPrefix(f[1], "UUID=") && f[2] == v.key && f[3] == v.options()
}

// withLines gives crypttab with a line for each volume. Lines that are there stay as they are, byte by byte, but for
// our own of a volume that has another UUID now.
func withLines(before []byte, volumes []volumeLine) []byte {
	missing := make(map[string]volumeLine, len(volumes))
	for _, v := range volumes {
		missing[v.name] = v
	}
	out := make([]byte, 0, len(before))
	for line := range bytes.Lines(before) {
		name, _, _ := strings.Cut(strings.TrimLeft(string(line), " \t"), " ")
		if v, ok := missing[name]; ok && v.isOurs(string(line)) {
			delete(missing, name)
			if v.String() != strings.TrimRight(string(line), "\n") {
				line = []byte(v.String() + "\n")
			}
		}
		out = append(out, line...)
	}
	for _, v := range volumes {
		if _, ok := missing[v.name]; !ok {
			continue
		}
		delete(missing, v.name)
		if len(out) > 0 && out[len(out)-1] != '\n' {
			out = append(out, '\n')
		}
		out = append(out, v.String()+"\n"...)
	}
	return out
}

// A crypttab is the file with its lines.
type crypttab struct {
	target.Claim
	m     *maker
	lines []volumeLine
	// aliases are links to the devices, by their names in the config.
	aliases string
	uuid    func(ctx context.Context, volume string) (string, error)
}

func (l *Files) newCrypttab(lines []volumeLine) *crypttab {
	t := &crypttab{m: l.m, lines: lines, aliases: l.b.Aliases, uuid: l.b.UUID, Claim: target.Claim{ID: "crypttab",
		Subject: "file " + crypttabPath, Origin: "$.storage.luks", Path: crypttabPath, Kind: root.File}}
	if t.uuid == nil {
		t.uuid = t.askCryptsetup
	}
	t.Held = t.hasLines
	return t
}

// hasLines tells whether the file has the lines of all volumes, whatever their UUIDs.
func (t *crypttab) hasLines(in *target.Target) bool {
	found, err := in.Before(t.At)
	if err != nil || found.Kind != root.File || found.Mode != tableMode && !found.Modeless {
		return false
	}
	text, err := in.ReadFile(t.At, crypttabLimit)
	return err == nil && !slices.ContainsFunc(t.lines, func(v volumeLine) bool {
		for line := range strings.Lines(string(text)) {
			if v.isOurs(line) {
				return false
			}
		}
		return true
	})
}

// tableMode is the mode of crypttab.
const tableMode = 0o600

// plan plans the lines of all volumes in one step: the file is there with all of them, or as it was.
func (t *crypttab) plan(l *Files) (plan.Step, error) {
	s := t.Step()
	s.Effect = plan.Change
	kind, err := l.there(&t.Claim)
	if err != nil {
		return s, err
	}
	s.Detail = "0600, " + shownLines(t.lines)
	switch {
	case kind == root.Absent:
		s.Effect = plan.Create
	case kind != root.File:
		return s, fmt.Errorf("%s is there", kind)
	case t.hasLines(l.t):
		s.Effect = plan.Deferred
		s.Detail += ", kept if the volumes have the UUIDs that are there"
	}
	s.Check, s.Do = t.check, t.do
	return s, nil
}

func shownLines(lines []volumeLine) string {
	var shown []string
	for _, v := range lines {
		v.uuid = "…"
		shown = append(shown, v.String())
	}
	return strings.Join(shown, "; ")
}

// askCryptsetup reads the UUID of the header that the disks stage has left.
func (t *crypttab) askCryptsetup(ctx context.Context, volume string) (string, error) {
	i := slices.IndexFunc(t.lines, func(v volumeLine) bool { return v.name == volume })
	out, err := t.m.Tools.Run(ctx,
		tool.Command{Tool: "cryptsetup", Args: []string{"luksUUID", path.Join(t.aliases, t.lines[i].device)}})
	return string(out), err
}

// content gives the file as it is and as it is to be.
func (t *crypttab) content(ctx context.Context) (found root.Facts, before, after []byte, err error) {
	if found, err = t.m.Root.Lstat(t.At); err != nil {
		return found, nil, nil, err
	}
	switch found.Kind {
	case root.Absent:
	case root.File:
		if before, err = t.m.Root.ReadFile(t.At, crypttabLimit); err != nil {
			return found, nil, nil, err
		}
	default:
		return found, nil, nil, fmt.Errorf("%s is there", found.Kind)
	}
	for i := range t.lines {
		v := &t.lines[i]
		if v.uuid != "" {
			continue // a volume keeps it as long as this runs
		}
		printed, err := t.uuid(ctx, v.name)
		if err != nil {
			return found, nil, nil, fmt.Errorf("luks %s: %w", diag.Name(v.name), err)
		}
		words := strings.Fields(printed)
		if len(words) != 1 {
			return found, nil, nil, fmt.Errorf("luks %s: %w", diag.Name(v.name), errUUID)
		}
		v.uuid = words[0]
	}
	return found, before, withLines(before, t.lines), nil
}

func (t *crypttab) check(ctx context.Context) (plan.State, error) {
	found, before, after, err := t.content(ctx)
	if err != nil || found.Kind == root.Absent || found.Mode != tableMode || !bytes.Equal(before, after) {
		return plan.Pending, err
	}
	return plan.Done, nil
}

// do replaces the file. One that was there keeps its owner and its label.
func (t *crypttab) do(ctx context.Context) error {
	found, _, after, err := t.content(ctx)
	if err != nil {
		return err
	}
	want, there := t.m.PrivateFile(), found.Kind == root.File
	if there && want.UID >= 0 {
		want.UID, want.GID = int64(found.UID), int64(found.GID)
	}
	return t.m.WriteText(t.At, want, there, string(after))
}
