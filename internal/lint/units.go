package lint

import (
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/source"
	"github.com/glowplug-os/glowplug/internal/unit"
)

// A body is a text that systemd or podman reads.
type body struct {
	at      func() *cursor.At // the value that holds it
	name    string            // of what it is, or changes: "web.service"; of all of a kind, ".service"
	dropin  string            // the name of the drop-in that it is
	quadlet bool              // podman makes a unit of it
	file    bool              // it stands below storage.files, where no rule looks at it
	rank    int               // that of its directory: what is in one of a lower rank hides it
	text    string
	lines   []unit.Line
	told    int              // problems
	spelt   *source.Spelling // in the URL of a file, once a part has been looked up
}

// ext is the kind of unit.
func (b *body) ext() string { return path.Ext(b.name) }

// mostTold: nobody reads more problems of one text, and each is looked up in the document.
const mostTold = 100

// A bundle is what the config has of a unit.
type bundle struct {
	main    *body
	dropins []*body
	unknown bool // of a part the text is not known
}

// unitFolders begin the directories that systemd looks for units in, those first that hide others (systemd.unit(5),
// Unit File Load Path). Before them all are the homes of users.
func unitFolders() []string { return []string{"/etc/", "/run/", "/usr/local/", "/usr/", "/lib/"} }

// rankOf is that of a path, by its directory.
func rankOf(p string) int {
	return slices.IndexFunc(unitFolders(), func(folder string) bool { return strings.HasPrefix(p, folder) })
}

// A unitLinter looks at all texts of units of a config.
type unitLinter struct {
	*linter
	bundles  map[string]*bundle // by the unit's name; those of users begin with a slash
	order    []string
	quadlets []*body
	dropins  bool            // there is one, or one is not known
	changed  bool            // there are drop-ins of quadlets, or other configs
	names    map[string]bool // of the units of the config
	single   map[where]int   // of the text at hand, the lines on which single values stand
	guesses  map[where]guess
}

func (l *linter) units(root *cursor.At, cfg *config.Config) {
	u := unitLinter{linter: l, bundles: map[string]*bundle{}, single: map[where]int{},
		guesses: map[where]guess{}, changed: hasOthers(cfg), names: map[string]bool{}}
	list := root.Key("systemd").Key("units")
	for i := range cfg.Systemd.Units {
		u.names[cfg.Systemd.Units[i].Name] = true
		u.ofUnit(&cfg.Systemd.Units[i], func() *cursor.At { return list.Item(i) })
	}
	files := root.Key("storage").Key("files")
	for i := range cfg.Storage.Files {
		if f := &cfg.Storage.Files[i]; strings.Contains(f.Path, "/systemd/") {
			u.ofFile(f, func() *cursor.At { return files.Item(i) })
		}
	}
	for i := range cfg.Storage.Links {
		if l := &cfg.Storage.Links[i]; text(l.Target) == "/dev/null" && strings.Contains(l.Path, "/systemd/") {
			u.ofLink(l)
		}
	}
	for _, b := range u.quadlets {
		u.quadlet(b)
	}
	for _, name := range u.order {
		b := u.bundles[name]
		for _, each := range append([]*body{b.main}, b.dropins...) {
			if each != nil {
				u.settings(each)
			}
		}
	}
	for _, name := range u.order {
		if b := u.bundles[name]; b.main != nil && !hasOthers(cfg) {
			u.whole(name, b.main)
		}
	}
	for i := range cfg.Systemd.Units {
		u.enabled(&cfg.Systemd.Units[i], func() *cursor.At { return list.Item(i) })
	}
}

// bundle gives that of a name, a new one if there is none.
func (u *unitLinter) bundle(name string) *bundle {
	if u.bundles[name] == nil {
		u.bundles[name] = &bundle{}
		u.order = append(u.order, name)
	}
	return u.bundles[name]
}

func (u *unitLinter) ofUnit(in *config.Unit, at func() *cursor.At) {
	if in.Mask != nil && *in.Mask || !slices.Contains(unit.Kinds(), path.Ext(in.Name)) {
		return // its text is not written, or a rule tells of the name
	}
	if contents := text(in.Contents); contents != "" {
		u.bundle(in.Name).main = &body{at: func() *cursor.At { return at().Key("contents") }, name: in.Name,
			rank: rankOf(unit.Dir + "/"), text: contents}
	}
	for k := range in.Dropins {
		if contents := in.Dropins[k].Contents; contents != nil {
			u.addDropin(in.Name, &body{at: func() *cursor.At { return at().Key("dropins").Item(k).Key("contents") },
				name: in.Name, dropin: in.Dropins[k].Name, rank: rankOf(unit.Dir + "/"), text: *contents})
		}
	}
}

// addDropin adds one to a bundle. One without a text hides others.
func (u *unitLinter) addDropin(key string, d *body) {
	b := u.bundle(key)
	u.dropins, b.dropins = true, append(b.dropins, d)
}

// ofLink takes up a link that masks a unit or a drop-in.
func (u *unitLinter) ofLink(l *config.Link) {
	owner, dropin, of := unitOfFile(l.Path)
	key := owner
	if of == "user" {
		key = "/" + owner
	}
	b := u.bundles[key]
	switch {
	case of != "system" && of != "user", !slices.Contains(unit.Kinds(), path.Ext(owner)):
	case dropin != "":
		u.addDropin(key, &body{name: owner, dropin: dropin, rank: rankOf(l.Path)})
	case b != nil && b.main != nil && rankOf(l.Path) < b.main.rank:
		b.main = nil
	}
}

// ofFile takes up a file that stands where systemd looks for units, or podman for quadlets.
func (u *unitLinter) ofFile(f *config.File, at func() *cursor.At) {
	owner, dropin, of := unitOfFile(f.Path)
	if of == "" {
		return
	}
	contents, known := source.Inline(text(f.Contents.Source))
	known = known && text(f.Contents.Compression) == "" && len(f.Append) == 0
	b := &body{at: func() *cursor.At { return at().Key("contents").Key("source") }, name: owner, dropin: dropin,
		file: true, rank: rankOf(f.Path), text: contents}
	switch of {
	case "quadlet":
		b.quadlet, u.changed = true, u.changed || dropin != ""
		if known && contents != "" {
			u.quadlets = append(u.quadlets, b)
		}
	default:
		u.unread(b, f.Path, at)
		u.names[owner] = true
		key := owner
		if of == "user" {
			key = "/" + owner
		}
		switch {
		case !slices.Contains(unit.Kinds(), b.ext()):
		case !known:
			u.dropins = true
			it := u.bundle(key)
			it.unknown = it.unknown || f.Contents.Source != nil || len(f.Append) > 0
		case dropin != "":
			u.addDropin(key, b)
		case contents != "":
			if it := u.bundle(key); it.main == nil || b.rank < it.main.rank {
				it.main = b
			}
		}
	}
}

// unitOfFile says which unit a path is of, and the drop-in that it is; of tells whose it is: "system", "user",
// "quadlet", or "" for none of them.
func unitOfFile(p string) (owner, dropin, of string) {
	folder, base := path.Split(p)
	folder = strings.TrimSuffix(folder, "/")
	owner = base
	if unit.IsQuadletFile(p) {
		of = "quadlet"
	}
	if stem, is := strings.CutSuffix(path.Base(folder), ".d"); is && !(of == "quadlet" && isQuadlet(base)) {
		owner, dropin, folder = stem, base, path.Dir(folder)
		if path.Ext(owner) == "" {
			owner = "." + owner // of all of the kind
		}
	}
	for _, whose := range []string{"system", "user"} {
		if of == "" && strings.HasSuffix(folder, "/systemd/"+whose) {
			of = whose
		}
	}
	return owner, dropin, of
}

// unread tells of a file that systemd does not read, because of its name.
func (u *unitLinter) unread(b *body, p string, at func() *cursor.At) {
	message, hint, ext := "", "", path.Ext(p)
	switch {
	case b.dropin != "":
		if ext != ".conf" && slices.Contains(unit.Kinds(), b.ext()) {
			message, hint = "systemd reads drop-ins whose names end in .conf, and passes over this one",
				"end the name in .conf"
		}
	case ext == ".netdev" || ext == ".link":
		message, hint = "no units are called so: this is a file of systemd-networkd or udev",
			"write it to /etc/systemd/network"
	case isQuadlet(ext):
		message = "no units are called so: this is a file for podman, which makes a unit of it"
		hint = "write it to /etc/containers/systemd"
	default:
		if message, hint = madeByNone(ext); message == "" {
			message, hint = likeKind(ext)
		}
	}
	if message != "" {
		u.say(at().Key("path"), codes.UnitFileUnread, message, hint)
	}
}

// likeKind tells of what is hardly one of the kinds of units, and meant to be one; "" of all else.
func likeKind(ext string) (message, hint string) {
	lower := strings.ToLower(ext)
	for _, kind := range unit.Kinds() {
		if ext != kind && (kind == lower || oneApart(kind, lower)) {
			return "systemd has no units of such a kind, and passes over the file", "end the name in " + kind
		}
	}
	return "", ""
}

// madeByNone tells of a kind of units that no file makes; "" of others.
func madeByNone(ext string) (message, hint string) {
	switch ext {
	case ".scope", ".snapshot":
		return "systemd reads no files of such units: programs make them while they run",
			"make it a .service or a .slice"
	case ".device":
		return "a file makes no device unit: there is one while the kernel has the device, and udev tags it",
			"have a rule of udev tag the device with systemd, which then reads what the text says"
	}
	return "", ""
}

// tell gives advice at a part of a text, nil where nobody would read it.
func (u *unitLinter) tell(b *body, code codes.Code, part diag.Span, message, hint string) *cursor.Finding {
	if !u.wants(code) {
		return nil
	}
	if b.told++; b.told > mostTold {
		return nil
	}
	at := b.at()
	f := u.advise(at, code, "%s", message).Advise("%s", hint)
	if f.Kept() == nil {
		return f
	}
	f.Within(b.text, part, "text")
	if b.file && f.Inside.Place.Doc == nil && at.Node().Document().Text != "" {
		in := at.Inset()
		if b.spelt == nil {
			b.spelt = source.Spell(in.Text())
		}
		if written, ok := b.spelt.Find(part); ok {
			f.Inside.Place, _ = in.Place(written)
		}
	}
	return f
}

// say gives advice at a place.
func (u *unitLinter) say(at *cursor.At, code codes.Code, message, hint string) {
	u.advise(at, code, "%s", message).Advise("%s", hint)
}
