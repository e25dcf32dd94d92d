package lint

import (
	"encoding/base64"
	"net/url"
	"path"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
)

// nodes advises on files, directories and links.
func (l *linter) nodes(storage *cursor.At, cfg *config.Config) {
	s := &cfg.Storage
	made := map[string]bool{} // directories that the config makes
	for i := range s.Directories {
		made[s.Directories[i].Path] = true
	}
	for i := range s.Files {
		at := func() *cursor.At { return storage.Key("files").Item(i) }
		l.node(&s.Files[i].Node, made, at)
		l.file(&s.Files[i], at)
		l.unread(&s.Files[i], at)
	}
	for i := range s.Directories {
		l.node(&s.Directories[i].Node, made, func() *cursor.At { return storage.Key("directories").Item(i) })
	}
	for i := range s.Links {
		l.node(&s.Links[i].Node, made, func() *cursor.At { return storage.Key("links").Item(i) })
	}
}

// A folder is one whose contents are hidden or gone once the machine runs.
type folder struct{ path, why string }

// volatile lists these folders (file-hierarchy(7)).
func volatile() []folder {
	return []folder{
		{"/proc", "the kernel's own files are mounted over it"}, {"/sys", "the kernel's own files are mounted over it"},
		{"/dev", "the kernel's own files are mounted over it"},
		{"/run", "an empty filesystem is mounted over it at each boot"},
		{"/var/run", "it is /run, over which an empty filesystem is mounted at each boot"},
		{"/tmp", "on many systems an empty filesystem is mounted over it at each boot"},
	}
}

func (l *linter) node(n *config.Node, made map[string]bool, at func() *cursor.At) {
	for _, v := range l.volatile {
		if n.Path == v.path || strings.HasPrefix(n.Path, v.path+"/") {
			l.advise(at().Key("path"), codes.PathVolatile, "what stands in %s is not there later: %s", v.path, v.why).
				Advise("write it somewhere else, or have systemd-tmpfiles make it at each boot")
			return
		}
	}
	if parent := rootsParent(n, made); parent != "" {
		l.advise(at().Key("path"), codes.HomeParents,
			"the directory %q is made on the way, and belongs to root", parent).
			Advise("add it to directories, with the same user")
	}
}

// rootsParent finds the first directory between a home and what a user other than root is to have in it, that the
// config does not make.
func rootsParent(n *config.Node, made map[string]bool) string {
	if name := text(n.User.Name); name == "root" || name == "" && (n.User.ID == nil || *n.User.ID == 0) {
		return ""
	}
	parts := strings.Split(n.Path, "/")
	if len(parts) < 5 || parts[1] != "home" {
		return ""
	}
	for end := 4; end < len(parts); end++ {
		if parent := strings.Join(parts[:end], "/"); !made[parent] {
			return parent
		}
	}
	return ""
}

// file advises on what a file begins with.
func (l *linter) file(f *config.File, at func() *cursor.At) {
	start := startOf(&f.Contents)
	mode := 0o644
	if f.Mode != nil {
		mode = *f.Mode
	}
	switch {
	case strings.HasPrefix(start, "#!") && mode&0o111 == 0:
		l.advise(at(), codes.ScriptMode, "the file begins like a program, and nobody may execute it").
			Advise("set mode to 0755, which is 493 in JSON")
	case isPrivate(start) && mode&0o077 != 0:
		l.advise(at(), codes.SecretReadable, "the file holds a private key, and others than its owner may read it").
			Advise("set mode to 0600, which is 384 in JSON")
	}
}

// unread advises on files that the program which they are for passes over, because of who may read or write them, or of
// their names (NetworkManager.conf(5), sudoers(5), sshd(8)).
func (l *linter) unread(f *config.File, at func() *cursor.At) {
	dir, name := path.Split(f.Path)
	mode := 0o644
	if f.Mode != nil {
		mode = *f.Mode
	} else if f.Contents.Source == nil {
		return // one that may be there already
	}
	why, set := "", ""
	switch parts := strings.Split(dir, "/"); {
	case dir == "/etc/NetworkManager/system-connections/" && mode&0o077 != 0:
		why, set = "NetworkManager passes over a profile that others than root may read", "0600, which is 384 in JSON"
	case dir == "/etc/sudoers.d/" && (strings.Contains(name, ".") || strings.HasSuffix(name, "~")):
		l.advise(at().Key("path"), codes.FileUnread, "sudo passes over a file whose name has a dot or ends in ~").
			Advise("give it another name")
	case dir == "/etc/sudoers.d/" && mode&0o022 != 0:
		why, set = "sudo takes no file that others than root may write", "0440, which is 288 in JSON"
	case dir == "/etc/ssh/" && strings.HasPrefix(name, "ssh_host_") && strings.HasSuffix(name, "_key") &&
		mode&0o037 != 0:
		why, set = "sshd takes no host key that others may read", "0600, which is 384 in JSON"
	case name == "authorized_keys" && mode&0o022 != 0 && len(parts) > 3 && parts[len(parts)-2] == ".ssh":
		why, set = "sshd takes no keys from a file that others may write", "0600, which is 384 in JSON"
	}
	if why != "" {
		l.advise(at(), codes.FileUnread, "%s", why).Advise("set mode to %s", set)
	}
}

// isPrivate: a private key in PEM or in PuTTY's form.
func isPrivate(start string) bool {
	line, _, _ := strings.Cut(strings.TrimLeft(start, " \r\n"), "\n")
	return strings.HasPrefix(line, "-----BEGIN ") && strings.Contains(line, "PRIVATE KEY-----") ||
		strings.HasPrefix(line, "PuTTY-User-Key-File-")
}

// startOf gives how the content begins that stands in a config itself, uncompressed.
func startOf(r *config.Resource) string {
	const most = 120 // a multiple of 4, and of 3
	rest, is := strings.CutPrefix(text(r.Source), "data:")
	head, body, found := strings.Cut(rest, ",")
	if !is || !found || text(r.Compression) != "" {
		return ""
	}
	if strings.HasSuffix(head, ";base64") {
		out, _ := base64.StdEncoding.DecodeString(body[:min(len(body), most)&^3])
		return string(out)
	}
	if !strings.HasPrefix(body, "#!") && !strings.HasPrefix(body, "PuTTY-") &&
		!strings.ContainsAny(body[:min(len(body), 1)], "-% \n") {
		return "" // as most are
	}
	body = body[:min(len(body), 3*most)]
	if last := strings.LastIndexByte(body, '%'); last > len(body)-3 && last >= 0 {
		body = body[:last] // an escape that was cut through
	}
	out, err := url.PathUnescape(body)
	if err != nil {
		return ""
	}
	return out
}
