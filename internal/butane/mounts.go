package butane

import (
	"fmt"
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/field"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// mounts is the feature of units that mount filesystems, or turn on swap, on every boot (docs/peer/butane.md §7).
func mounts() feature {
	return feature{
		needs: mountUnits,
		fields: []language.Sugar{{Path: "storage.filesystems.*.with_mount_unit", Kind: "bool",
			Line: "Also make a unit that mounts the filesystem, or swaps to it, on every boot."}},
		check: func(t *translation) {
			for fs := range t.top.To("storage", "filesystems").Items() {
				mountUnitRules(t, fs)
			}
		},
		lower: lowerMountUnits,
	}
}

// mountUnitRules: what a mount unit needs to know (docs/peer/butane.md §7).
func mountUnitRules(t *translation, fs *cursor.At) {
	if !fs.Key("with_mount_unit").IsTrue() {
		return
	}
	where, format := fs.Key("path"), fs.Key("format")
	mountUnitLines(fs)
	// Where swap has units, the format says whether a path is needed.
	needsPath := !t.has(swapUnits) || format.Text() != "" && format.Text() != "swap"
	if needsPath && where.Text() == "" {
		where.Errorf(codes.MountPathMissing, "a mount unit needs to know where to mount").Advise("add a path")
	}
	if format.Text() == "" {
		format.Errorf(codes.MountFormatMissing,
			"a mount unit needs to know the format of the filesystem").Advise("add a format")
	}
	if p := where.Text(); t.has(ownDisk) && p != "" && !within(p, "/etc") && !within(p, "/var") {
		where.Errorf(codes.MountPathVolatile, "mounting at %q does not work: only /etc and /var are writable", p).
			Advise("choose a path below /var")
	}
}

// mountUnitLines holds the values that become lines of a mount unit against the table of fields. Values that every
// config has are left to the rules of configs. Values that are only odd give a warning: somebody who knows what systemd
// makes of an option may have meant it.
func mountUnitLines(fs *cursor.At) {
	for _, row := range field.MountRows() {
		key, list := strings.CutSuffix(strings.TrimPrefix(row.Path, "storage.filesystems.*."), ".*")
		values := func(yield func(*cursor.At) bool) { yield(fs.Key(key)) }
		if list {
			values = fs.Key(key).Items()
		}
		for value := range values {
			if fault, stops := row.Check(value.Text()); stops {
				value.Fault(fault).Strictly()
			} else {
				value.Odd(diag.Warning, fault).Strictly()
			}
		}
	}
}

// within: a path is a folder, or is below it.
func within(p, folder string) bool { return p == folder || strings.HasPrefix(p, folder+"/") }

// lowerMountUnits puts units for filesystems under the document's own (docs/peer/butane.md §7).
func lowerMountUnits(t *translation) {
	filesystems := t.top.To("storage", "filesystems")
	var units []tree.Node
	for fs := range filesystems.Items() {
		if with := fs.Key("with_mount_unit"); with.IsTrue() {
			name, text := mountUnit(t, fs)
			units = append(units, t.object(with.Node(), "contents", text, "enabled", true, "name", name))
		}
	}
	if len(units) > 0 {
		from := filesystems.Node()
		t.under(t.object(from, "systemd", t.object(from, "units", t.list(from, units...))))
	}
}

// mountUnit makes the name and the text of one unit. Values stand in the text as they are, and there is no line break
// at the end: other programs make the same text, and machines compare it. Values that systemd would read otherwise are
// refused before (mountUnitLines).
func mountUnit(t *translation, fs *cursor.At) (name, text string) {
	device, format, where := fs.Key("device").Text(), fs.Key("format").Text(), fs.Key("path").Text()
	var options []string
	for option := range fs.Key("mount_options").Items() {
		options = append(options, option.Text())
	}
	remote := isRemote(t, device)
	if remote {
		options = append(options, "_netdev")
	}
	extra := ""
	if len(options) > 0 {
		extra = "Options=" + strings.Join(options, ",") + "\n"
	}
	if format == "swap" && t.has(swapUnits) {
		return unitPath(device) + ".swap",
			generated + "[Swap]\nWhat=" + device + "\n" + extra + "\n[Install]\nRequiredBy=swap.target"
	}
	fsck := "systemd-fsck@" + unitPath(device) + ".service"
	checked, target := "[Unit]\nRequires="+fsck+"\nAfter="+fsck+"\n\n", "local-fs.target"
	if remote {
		target = "remote-fs.target"
	}
	if format == "virtiofs" {
		checked = "" // its device is a tag, which nothing can check
	}
	return unitPath(where) + ".mount", generated + checked +
		"[Mount]\nWhere=" + where + "\nWhat=" + device + "\nType=" + format + "\n" + extra + "\n" +
		"[Install]\nRequiredBy=" + target
}

// isRemote: the device is an encrypted volume that a Tang server opens, so that it is not there without the network.
func isRemote(t *translation, device string) bool {
	for _, prefix := range []string{"/dev/mapper/", "/dev/disk/by-id/dm-name-"} {
		if name, ok := strings.CutPrefix(device, prefix); ok && tangVolumes(t)[name] {
			return true
		}
	}
	return false
}

// tangVolumes are the names of the volumes that Tang servers open.
func tangVolumes(t *translation) map[string]bool {
	if t.remote == nil {
		t.remote = map[string]bool{}
		for luks := range t.top.To("storage", "luks").Items() {
			if luks.To("clevis", "tang").Count() > 0 {
				t.remote[luks.Key("name").Text()] = true
			}
		}
	}
	return t.remote
}

// unitPath escapes a path as unit names need it (systemd.unit(5)). Bytes below 16 get one hexadecimal digit, as from
// the peer, so that the unit has the same name.
func unitPath(p string) string {
	p = strings.Trim(p, "/")
	if p == "" {
		return "-"
	}
	var b strings.Builder
	for i := range len(p) {
		switch c := p[i]; {
		case c == '/':
			if p[i-1] != '/' {
				b.WriteByte('-')
			}
		case c == '.' && i > 0, c == ':', c == '_', '0' <= c && c <= '9', 'a' <= c|0x20 && c|0x20 <= 'z':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\x%x`, c)
		}
	}
	return b.String()
}

// generated is the first line of a unit, which other programs look for.
const generated = "# Generated by Butane\n"
