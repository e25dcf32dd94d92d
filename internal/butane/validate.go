package butane

import (
	"fmt"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/field"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/internal/unit"
)

// validate holds the document against the rules of its sugar. The rules of the config come when it is there.
func (t *translation) validate() {
	t.wellSourced(documents(), t.top)
	storage := t.top.key("storage")
	for _, kind := range []string{"directories", "files"} {
		for node := range storage.key(kind).items() {
			decimalMode(node.key("mode"), kind == "directories")
		}
	}
	for fs := range storage.key("filesystems").items() {
		t.mountUnitRules(fs)
	}
	for folder := range storage.key("trees").items() {
		if folder.key("local").text() == "" {
			folder.errorf(codes.LocalMissing,
				"a tree needs a local folder").Hint = "add local: and the name of a folder"
		}
	}
	systemd := t.top.key("systemd")
	for unit := range systemd.key("units").items() {
		notBoth(unit)
		for dropin := range unit.key("dropins").items() {
			notBoth(dropin)
		}
	}
	for quadlet := range systemd.key("quadlets").items() {
		quadletRules(quadlet)
	}
	t.bootDeviceRules()
	t.reuseRules()
	t.grubRules()
	t.machineConfigRules()
}

// grubRules: users become words of a script, in which more than a name would be a command.
func (t *translation) grubRules() {
	for user := range t.top.key("grub", "users").items() {
		for _, row := range field.UserRows() {
			key := row.Path[strings.LastIndexByte(row.Path, '.')+1:]
			value := user.key(key)
			if value.text() == "" {
				value.errorf(codes.GRUBUser, fmt.Sprintf("a user of the boot loader needs a %s", key))
			}
			fault, _ := row.Check(value.text())
			value.strictly(fault)
		}
	}
}

// wellSourced looks for resources with more than one content.
func (t *translation) wellSourced(s *language.Shape, a *at) {
	if s.Kind == tree.List {
		for item := range a.items() {
			t.wellSourced(s.Item, item)
		}
		return
	}
	for _, m := range s.Members {
		if m.Key != "" && (len(m.Members) > 0 || m.Item != nil && len(m.Item.Members) > 0) {
			if next := a.key(m.Name); next.set() {
				t.wellSourced(m, next)
			}
		}
	}
	if s.Member("inline") == nil {
		return
	}
	t.oneSource(a)
	if strings.HasPrefix(s.Path, "ignition.config.") && t.Spec > config.V3_0 {
		t.inner(a)
	}
}

// oneSource: an empty text is content too. The first spec had no local files, and its peer blames another key.
func (t *translation) oneSource(a *at) {
	var set []*at
	for _, name := range []string{"inline", "local", "source"} {
		if a.key(name).set() {
			set = append(set, a.key(name))
		}
	}
	if len(set) < 2 {
		return
	}
	at, other := set[len(set)-1], set[0]
	if at.trail.Name != "source" || t.Spec == config.V3_0 {
		at, other = set[0], set[1]
	}
	p := at.errorf(codes.SourceTwice, "only one of inline, local and source can give the content")
	p.Related = []diag.Related{{Place: other.place(), Path: other.path(), Message: "it is given here too"}}
	p.Hint = fmt.Sprintf("remove %s, or %s", at.trail.Name, other.trail.Name)
}

// notBoth: a unit or a drop-in has its text from one place.
func notBoth(a *at) {
	if a.key("contents").set() && a.key("contents_local").set() {
		a.key("contents_local").errorf(codes.ContentsTwice,
			"only one of contents and contents_local can give the text").Related =
			[]diag.Related{{Place: a.key("contents").place(), Path: a.key("contents").path(),
				Message: "it is given here"}}
	}
}

// mountUnitRules: what a mount unit needs to know (docs/peer/butane.md §7).
func (t *translation) mountUnitRules(fs *at) {
	if !fs.key("with_mount_unit").isTrue() {
		return
	}
	where, format := fs.key("path"), fs.key("format")
	t.mountUnitLines(fs)
	swap := t.Spec >= config.V3_3 && format.text() == "swap"
	noPath := func() {
		if where.text() == "" && !swap {
			where.errorf(codes.MountPathMissing, "a mount unit needs to know where to mount").Hint = "add a path"
		}
	}
	if t.Spec < config.V3_3 {
		noPath()
	}
	if format.text() == "" {
		format.errorf(codes.MountFormatMissing,
			"a mount unit needs to know the format of the filesystem").Hint = "add a format"
	} else if t.Spec >= config.V3_3 {
		noPath()
	}
	if p := where.text(); t.ownDisk() && p != "" && !within(p, "/etc") && !within(p, "/var") {
		where.errorf(codes.MountPathVolatile, fmt.Sprintf("mounting at %q does not work: only /etc and /var "+
			"are writable", p)).Hint = "choose a path below /var"
	}
}

// mountUnitLines holds what becomes lines of a mount unit against the table of fields. What goes for every config is
// left to its rules. What is but odd is a warning: somebody who knows what systemd makes of an option may have meant
// it.
func (t *translation) mountUnitLines(fs *at) {
	for _, row := range field.MountRows() {
		key, list := strings.CutSuffix(strings.TrimPrefix(row.Path, "storage.filesystems.*."), ".*")
		values := func(yield func(*at) bool) { yield(fs.key(key)) }
		if list {
			values = fs.key(key).items()
		}
		for value := range values {
			if fault, stops := row.Check(value.text()); stops {
				value.strictly(fault)
			} else {
				value.stricter(diag.Warning, fault)
			}
		}
	}
}

// strictly reports a fault that the peer does not know.
func (a *at) strictly(f *diag.Fault) { a.stricter(diag.Error, f) }

func (a *at) stricter(severity diag.Severity, f *diag.Fault) {
	if f != nil {
		p := a.t.report(severity, f.Code, a.path(), a.place(), f.Message)
		p.Hint, p.Stricter = f.Hint, true
	}
}

// within: a path is a folder, or is below it.
func within(p, folder string) bool { return p == folder || strings.HasPrefix(p, folder+"/") }

// quadletRules: what is wrong with the name hides the rest, as in the peer. Names with slashes are left to it who
// writes them.
func quadletRules(q *at) {
	name := q.key("name")
	known := false
	for _, extension := range unit.QuadletExtensions() {
		known = known || strings.HasSuffix(name.text(), extension)
	}
	if !known {
		name.errorf(codes.QuadletExtension, fmt.Sprintf("%q has no extension of a quadlet",
			name.text())).Hint = "name it with one of " + strings.Join(unit.QuadletExtensions(), ", ")
		return
	}
	name.strictly(unit.CheckNameStrictly(name.text()))
	if template(name.text()) != "" {
		for _, key := range []string{"contents", "contents_local"} {
			if q.key(key).set() {
				q.key(key).errorf(codes.QuadletInstance, "an instance of a template has no text of its own").
					Hint = "give it to the template, or write a drop-in"
			}
		}
	} else {
		notBoth(q)
	}
	for dropin := range q.key("dropins").items() {
		fault, _ := field.Dropin().Check(dropin.key("name").text())
		dropin.key("name").strictly(fault)
		notBoth(dropin)
	}
}

// template gives the name of the template that a quadlet is an instance of, "" if it is none.
func template(name string) string {
	at, dot := strings.IndexByte(name, '@'), strings.LastIndexByte(name, '.')
	if at < 0 || dot == at+1 || dot < at {
		return ""
	}
	return name[:at+1] + name[dot:]
}

// decimalMode warns of permission bits that make sense in octal only: 644 is meant to be 0644.
func decimalMode(a *at, dir bool) {
	if !a.set() {
		return
	}
	mode, octal := 0, 0
	text := a.text()
	if len(text) > 4 || text[0] == '-' {
		return
	}
	for _, digit := range []byte(text) {
		if digit > '7' {
			return
		}
		mode, octal = mode*10+int(digit-'0'), octal*8+int(digit-'0')
	}
	if !typicalMode(mode, dir) && typicalMode(octal, dir) {
		p := a.warnf(codes.ModeDecimal,
			fmt.Sprintf("the mode %s is read as a decimal number, 0%o; it makes sense in octal", text, mode))
		p.Hint, p.Fix = "write 0"+text, diag.Replace(a.place(), text, "0"+text)
		p.PeerOnly = a.t.misreads[a.place().Span] // what is wrong with the number itself has been said
		a.t.misread(a)
	}
}

// misread notes a mode that was meant as other bits than it gives: what the rules of the config say of those leads the
// wrong way.
func (t *translation) misread(a *at) {
	if t.misreads == nil {
		t.misreads = map[diag.Span]bool{}
	}
	t.misreads[a.place().Span] = true
}

// typicalMode: nobody may do what somebody closer to the file may not, and somebody may read it
// (docs/peer/butane.md §13).
func typicalMode(mode int, dir bool) bool {
	if mode == 0 {
		return true
	}
	const r, w, x = 4, 2, 1
	had := 0
	for shift := 0; shift <= 6; shift += 3 {
		class := mode >> shift & 7
		if had&^class != 0 || class&x != 0 && had&r != 0 && had&x == 0 || class&(w|x) != 0 && class&r == 0 {
			return false
		}
		had |= class
	}
	const setuid, setgid, sticky = 0o4000, 0o2000, 0o1000
	switch {
	case had&r == 0:
		return false
	case dir:
		return had&x != 0 && mode&setuid == 0 && (mode&(setgid|sticky) == 0 || had&w != 0)
	case mode&(setuid|setgid) != 0 && (had&x == 0 || mode&w != 0):
		return false
	}
	return mode&sticky == 0
}

// reuseRules: an fcos image says by number which partitions to keep (docs/peer/butane.md §9).
func (t *translation) reuseRules() {
	if !t.ownDisk() {
		return
	}
	mirrored := map[string]bool{}
	for device := range t.top.key("boot_device", "mirror", "devices").items() {
		mirrored[device.text()] = true
	}
	for disk := range t.top.key("storage", "disks").items() {
		device := disk.key("device").text()
		if device == "/dev/disk/by-id/coreos-boot-disk" || disk.key("wipe_table").isTrue() || mirrored[device] {
			continue
		}
		for p := range disk.key("partitions").items() {
			if number := p.key("number"); p.key("label").set() && (number.text() == "" || number.text() == "0") {
				number.warnf(codes.PartitionReuse, "a partition of this disk cannot be used again by its label alone").
					Hint = "give its number, or wipe the table"
			}
		}
	}
}
