package butane

import (
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/field"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// bootLoader is who may use the boot loader (docs/peer/butane.md §10).
func bootLoader() feature {
	return feature{
		needs: grubUsers,
		fields: []language.Sugar{
			{Path: "grub", Kind: "object", Line: "The boot loader."},
			{Path: "grub.users", Kind: "[object]", Line: "Who may edit boot entries and use its command line."},
			{Path: "grub.users.*.name", Required: true, Kind: "string", Line: "The user's name."},
			{Path: "grub.users.*.password_hash", Required: true, Kind: "string",
				Line: "Hash of the password as grub2-mkpasswd-pbkdf2 prints it.", Secret: true},
		},
		check: grubRules,
		lower: func(t *translation) {
			lowerGrub(t)
			wholeGrubConfig(t)
		},
		// What it makes is appended to a file.
		refused: func(d Dialect) bool { return !d.has(appending) && !d.has(wholeGrub) },
	}
}

// grubRules: names and hashes of users become words of a script, in which a blank or a line end would begin a command.
func grubRules(t *translation) {
	for user := range t.top.To("grub", "users").Items() {
		for _, row := range field.UserRows() {
			key := row.Path[strings.LastIndexByte(row.Path, '.')+1:]
			value := user.Key(key)
			if value.Text() == "" {
				value.Errorf(codes.GRUBUser, "a user of the boot loader needs a %s", key)
			}
			fault, _ := row.Check(value.Text())
			value.Fault(fault).Strictly()
		}
	}
}

// lowerGrub puts the users of the boot loader under what the document says of files (docs/peer/butane.md §10).
func lowerGrub(t *translation) {
	users := t.top.To("grub", "users")
	if users.Count() == 0 {
		return
	}
	var names, lines []string
	for user := range users.Items() {
		name := user.Key("name").Text()
		names = append(names, name)
		lines = append(lines, "password_pbkdf2 "+name+" "+user.Key("password_hash").Text())
	}
	from := users.Node()
	text := generated + "\nset superusers=\"" + strings.Join(names, " ") + "\"\n" + strings.Join(lines, "\n") + "\n"
	fragment := t.object(from)
	t.embed(from, text, "").add(fragment.Append())
	t.under(t.object(from, "storage", t.object(from,
		"filesystems",
		t.list(from, t.object(from, "device", "/dev/disk/by-label/boot", "format", "ext4", "path", "/boot")),
		"files", t.list(from, t.object(from, "path", grubConfig, "append", t.list(from, fragment))))))
}

// wholeGrubConfig: a MachineConfig cannot append to files, so the users of the boot loader become a file of their own.
func wholeGrubConfig(t *translation) {
	if !t.has(wholeGrub) {
		return
	}
	for file := range t.config.Get("storage").Get("files").Children() {
		fragments := file.Get("append")
		if file.Get("path").Text() != grubConfig || fragments.Len() != 1 {
			continue
		}
		only := fragments.First().Copy()
		file.Keep(func(c tree.Node) bool { return c.Key() != "append" && c.Key() != "contents" })
		file.Append().AddMember("contents", only)
		return
	}
}

const grubConfig = "/boot/grub2/user.cfg"
